// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "codegen/frame.h"
#include "compiler/ir/kernel.h"

namespace rnnc::codegen {

/// A place of a kernel's index space while code is emitted: for every variable of the kernel an expression
/// over `Axes`, the loop counters that exist at run time. A point may be a vector: then the lane number is
/// one of the axes.
struct Point {
  std::vector<ir::IndexExpr> variables;  // by variable number of the kernel
  int lanes = 1;
  int active = 1;  // lanes that exist; the others may compute anything and store nothing
};

/// The run-time integers that index expressions are made of, with what is known of their range. Axis 0 is the
/// lane number.
class Axes {
 public:
  Axes() { Add(nullptr, ir::Dim(1)); }
  static constexpr int kLane = 0;
  /// `extent`: the axis counts 0..extent-1.
  int Add(llvm::Value* value, const ir::Dim& extent);
  llvm::Value* ValueOf(int axis) const { return values_[static_cast<size_t>(axis)]; }
  /// Extents with that of the lanes of a point.
  std::vector<ir::Dim> ExtentsFor(int lanes) const;

 private:
  std::vector<llvm::Value*> values_;
  std::vector<ir::Dim> extents_;
};

/// Emits the scalar programs of one operation at points.
class ProgramEmitter {
 public:
  ProgramEmitter(Frame& frame, const ir::Operation& operation, const Axes& axes)
      : frame_(frame), operation_(operation), axes_(axes) {}

  /// The value of accumulator `a`, gate `g` at the point.
  using AccumulatorValue = std::function<llvm::Value*(int accumulator, int gate)>;

  /// The outputs of `program` in register form; scalars where they are the same in all lanes.
  std::vector<llvm::Value*> Emit(const ir::Program& program, const Point& point,
                                 const AccumulatorValue& accumulator);
  /// The two factors of a program that is mul(read, read).
  std::pair<llvm::Value*, llvm::Value*> EmitFactors(const ir::Program& program, const Point& point);
  /// Stores one output of the epilogue (register form) where `indices` say in result `result`.
  void Store(const ir::Value& result, const std::vector<ir::IndexExpr>& indices, const Point& point,
             llvm::Value* value);

  /// Distance in elements between neighbouring lanes of an access, when it is a constant.
  static std::optional<int64_t> LaneStride(const ir::Type& type, const std::vector<ir::IndexExpr>& indices,
                                           const Point& point, const Axes& axes);

  /// Loads made since this call are kept for equal addresses, until `Forget`. Only valid while the code
  /// emitted stays within what the first load dominates.
  void Forget() { loads_.clear(); }

 private:
  using Values = std::vector<llvm::Value*>;
  struct Access;
  Access Resolve(const ir::Value& tensor, const std::vector<ir::IndexExpr>& indices, const Point& point,
                 const Values& nodes, bool guarded);
  Access ResolveByData(const ir::Value& tensor, const std::vector<ir::IndexExpr>& at, const Point& point,
                       const Values& nodes);
  std::vector<ir::IndexExpr> AtPoint(const std::vector<ir::IndexExpr>& indices, const Point& point) const;
  llvm::Value* EmitNode(const ir::Program& program, const ir::ScalarNode& node, const Point& point,
                        const Values& nodes, const AccumulatorValue& accumulator);
  llvm::Value* EmitRead(const ir::ScalarNode& node, const Point& point, const Values& nodes);
  bool IsLaneByLane(const ir::Value& tensor, const Access& access, const Point& point) const;
  llvm::Value* EmitLanes(const ir::ScalarNode& node, const Point& point, const Values& nodes);
  llvm::Value* Load(const ir::Value& tensor, const Access& access, const Point& point,
                    std::optional<double> fill);
  llvm::Value* LoadLanes(const ir::Value& tensor, llvm::Value* base, const Access& access, const Point& point,
                         std::optional<double> fill);
  llvm::Value* EmitScalarIndex(const ir::IndexExpr& index, const Values& nodes);
  llvm::Value* EmitVectorIndex(const ir::IndexExpr& index, int lanes, const Values& nodes);
  llvm::Value* EmitIndex(const ir::IndexExpr& index, int lanes, const Values& nodes, bool* uniform);
  llvm::Value* EmitQuotient(llvm::Value* value, llvm::Value* divisor, bool remainder, bool may_be_negative,
                            bool power_of_two);
  llvm::Value* BaseOf(const ir::Value& tensor);

  Frame& frame_;
  const ir::Operation& operation_;
  const Axes& axes_;
  std::map<std::string, llvm::Value*> loads_;
};

}  // namespace rnnc::codegen
