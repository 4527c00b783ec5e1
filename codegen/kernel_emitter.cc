// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// One shape of code for all three primitives:
//   loops over the parallel variables that are neither vector nor row
//     loop over rows, `rows` at a time          (then the rest of the rows)
//       loop over vectors, `blocks` at a time   (then the rest, then the last partial vector)
//         a tile of rows x blocks points:
//           accumulators in registers: init; loops over the reduced variables; combine
//           epilogue and stores, point by point
// A map is the same without accumulators. Split chains (Accumulator::chains > 1) make one accumulator a
// vector along the innermost reduced variable, joined at the end.
#include "codegen/kernel_emitter.h"

#include <llvm/IR/Constants.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "codegen/kernel_schedule.h"
#include "codegen/point.h"
#include "codegen/scalar_ops.h"
#include "compiler/support/check.h"

namespace rnnc::codegen {
namespace {

using ir::Accumulator;
using ir::Dim;
using ir::IndexExpr;
using llvm::Value;

// Rough latency of a scalar operation, for comparing ways through an epilogue.
int LatencyOf(ir::ScalarOp op) {
  switch (op) {
    case ir::ScalarOp::kConst:
    case ir::ScalarOp::kRead:
    case ir::ScalarOp::kIndex:
    case ir::ScalarOp::kAccumulator:
      return 0;
    case ir::ScalarOp::kDiv:
    case ir::ScalarOp::kSqrt:
      return 4;
    default:
      return op >= ir::ScalarOp::kExp && op <= ir::ScalarOp::kSoftplus ? 12 : 1;
  }
}

// The gates of accumulator `a`, that with the longest way from its sum to a result first.
std::vector<int64_t> GatesByUrgency(const ir::Kernel& kernel, size_t a) {
  const std::vector<ir::ScalarNode>& nodes = kernel.epilogue.nodes;
  std::vector<int> way(nodes.size(), 0);  // from behind the node to the end
  std::vector<int> urgency(static_cast<size_t>(kernel.accumulators[a].gate.extent.Value()), 0);
  for (size_t i = nodes.size(); i-- > 0;) {
    for (const int arg : nodes[i].args) {
      int& before = way[static_cast<size_t>(arg)];
      before = std::max(before, way[i] + LatencyOf(nodes[i].op));
    }
    if (nodes[i].op == ir::ScalarOp::kAccumulator && nodes[i].accumulator == static_cast<int>(a)) {
      int& gate = urgency[static_cast<size_t>(nodes[i].gate)];
      gate = std::max(gate, way[i]);
    }
  }
  std::vector<int64_t> order(urgency.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t left, int64_t right) {
    return urgency[static_cast<size_t>(left)] > urgency[static_cast<size_t>(right)];
  });
  return order;
}

class KernelEmitter {
 public:
  KernelEmitter(Frame& frame, const ir::Operation& operation)
      : frame_(frame),
        operation_(operation),
        kernel_(operation.GetKernel()),
        schedule_(ChooseSchedule(operation, frame.Row())),
        programs_(frame, operation, axes_),
        variables_(kernel_.parallel.size(), IndexExpr(0)) {}

  void Emit() { EmitOuter(0); }

 private:
  // One value of the tile: which parallel point, and the accumulators' slots there.
  struct TilePoint {
    Point point;
    std::vector<std::vector<llvm::AllocaInst*>> slots;  // by accumulator, gate * chains + chain
  };

  void EmitOuter(size_t variable);
  void EmitRows();
  void EmitVectors(const std::vector<IndexExpr>& rows);
  void EmitTile(const std::vector<Point>& points);
  void EmitInit(TilePoint& tile);
  static constexpr int64_t kAllGates = -1;
  void EmitAccumulator(size_t a, std::vector<TilePoint>& tile);
  bool IsStraight(size_t a, const std::vector<TilePoint>& tile) const;
  void EmitStraight(size_t a, std::vector<TilePoint>& tile, const std::vector<IndexExpr>& reduced);
  void EmitReduced(size_t a, size_t depth, std::vector<TilePoint>& tile, std::vector<IndexExpr> reduced);
  void EmitInnermostChains(size_t a, std::vector<TilePoint>& tile, const std::vector<IndexExpr>& reduced);
  int Unrolling(const Dim& steps, size_t a, const std::vector<TilePoint>& tile) const;
  void EmitInnermostSlots(size_t a, std::vector<TilePoint>& tile, const std::vector<IndexExpr>& reduced);
  void CombineAt(size_t a, std::vector<TilePoint>& tile, const std::vector<IndexExpr>& reduced, int lanes,
                 int active, int chain, int64_t gate = kAllGates);
  void EmitEpilogue(const TilePoint& tile);
  Value* JoinedChains(const Accumulator& accumulator, Value* chains);
  Value* Read(const TilePoint& tile, int a, int g);
  // Chains that are lanes of one accumulator, and chains that are accumulators of their own.
  int ChainLanes(const Accumulator& accumulator) const {
    return schedule_.along_sum ? accumulator.chains : 1;
  }
  int ChainSlots(const Accumulator& accumulator) const {
    return schedule_.along_sum ? 1 : accumulator.chains;
  }

  // A counter as an axis: constants need none.
  IndexExpr Counter(Value* value, const Dim& extent) {
    if (const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(value)) return constant->getSExtValue();
    return IndexExpr::Variable(axes_.Add(value, extent));
  }

  Frame& frame_;
  const ir::Operation& operation_;
  const ir::Kernel& kernel_;
  KernelSchedule schedule_;
  Axes axes_;
  ProgramEmitter programs_;
  std::vector<IndexExpr> variables_;  // of the parallel variables, as far as chosen
};

void KernelEmitter::EmitOuter(size_t variable) {
  if (variable == kernel_.parallel.size()) return EmitRows();
  const int id = static_cast<int>(variable);
  if (id == schedule_.vector_variable || id == schedule_.row_variable) return EmitOuter(variable + 1);
  const Dim& extent = kernel_.parallel[variable].extent;
  frame_.Loop(
      frame_.Int(0), frame_.EmitDim(extent), 1,
      [&](Value* counter) {
        variables_[variable] = Counter(counter, extent);
        EmitOuter(variable + 1);
      },
      1);
}

void KernelEmitter::EmitRows() {
  if (schedule_.row_variable < 0) return EmitVectors({IndexExpr(0)});
  const auto row = static_cast<size_t>(schedule_.row_variable);
  const Dim& extent = kernel_.parallel[row].extent;
  auto tile = [&](Value* first, int rows, const Dim& count) {
    const IndexExpr base = first == nullptr ? IndexExpr(0) : Counter(first, count);
    std::vector<IndexExpr> list;
    for (int i = 0; i < rows; ++i) list.push_back(base * Dim(schedule_.rows) + IndexExpr(i));
    EmitVectors(list);
  };
  auto& builder = frame_.Builder();
  if (extent.IsConstant()) {
    const int64_t full = extent.Value() / schedule_.rows;
    const int rest = static_cast<int>(extent.Value() % schedule_.rows);
    frame_.Loop(frame_.Int(0), frame_.Int(full), 1, [&](Value* i) { tile(i, schedule_.rows, Dim(full)); }, 1);
    if (rest > 0) {
      std::vector<IndexExpr> list;
      for (int i = 0; i < rest; ++i) list.emplace_back(full * schedule_.rows + i);
      EmitVectors(list);
    }
    return;
  }
  Value* count = frame_.EmitDim(extent);
  Value* full = builder.CreateUDiv(count, frame_.Int(schedule_.rows));
  frame_.Loop(frame_.Int(0), full, 1, [&](Value* i) { tile(i, schedule_.rows, Dim::Symbol("?")); }, 1);
  frame_.Loop(
      builder.CreateMul(full, frame_.Int(schedule_.rows)), count, 1,
      [&](Value* i) { EmitVectors({Counter(i, extent)}); }, 1);
}

void KernelEmitter::EmitVectors(const std::vector<IndexExpr>& rows) {
  auto points = [&](const std::vector<IndexExpr>& vectors, int lanes, int active) {
    std::vector<Point> list;
    for (const IndexExpr& row : rows) {
      for (const IndexExpr& vector : vectors) {
        Point point{variables_, lanes, active};
        if (schedule_.row_variable >= 0) point.variables[static_cast<size_t>(schedule_.row_variable)] = row;
        if (schedule_.vector_variable >= 0)
          point.variables[static_cast<size_t>(schedule_.vector_variable)] = vector;
        list.push_back(std::move(point));
      }
    }
    return list;
  };
  if (schedule_.vector_variable < 0) return EmitTile(points({IndexExpr(0)}, 1, 1));
  const int lanes = schedule_.lanes;
  const IndexExpr lane = IndexExpr::Variable(Axes::kLane);
  const Dim& extent = kernel_.parallel[static_cast<size_t>(schedule_.vector_variable)].extent;
  auto tile = [&](const IndexExpr& first_block, int blocks) {
    std::vector<IndexExpr> vectors;
    for (int j = 0; j < blocks; ++j) vectors.push_back((first_block + IndexExpr(j)) * Dim(lanes) + lane);
    EmitTile(points(vectors, lanes, lanes));
  };
  if (!extent.IsConstant()) {
    auto& builder = frame_.Builder();
    Value* count = frame_.EmitDim(extent);
    Value* full = builder.CreateUDiv(count, frame_.Int(lanes));
    frame_.Loop(frame_.Int(0), full, 1, [&](Value* i) { tile(Counter(i, Dim::Symbol("?")), 1); }, 1);
    frame_.Loop(
        builder.CreateMul(full, frame_.Int(lanes)), count, 1,
        [&](Value* i) { EmitTile(points({Counter(i, extent)}, 1, 1)); }, 1);
    return;
  }
  const int64_t full = extent.Value() / lanes;
  const int64_t groups = full / schedule_.blocks;
  frame_.Loop(
      frame_.Int(0), frame_.Int(groups), 1,
      [&](Value* i) { tile(Counter(i, Dim(groups)) * Dim(schedule_.blocks), schedule_.blocks); }, 1);
  const int rest_blocks = static_cast<int>(full % schedule_.blocks);
  if (rest_blocks > 0) tile(IndexExpr(groups * schedule_.blocks), rest_blocks);
  const int rest = static_cast<int>(extent.Value() % lanes);
  if (rest == 0) return;
  const int tail_lanes = static_cast<int>(std::bit_ceil(static_cast<unsigned>(rest)));
  if (tail_lanes == 1) return EmitTile(points({IndexExpr(full * lanes)}, 1, 1));
  EmitTile(points({IndexExpr(full * lanes) + lane}, tail_lanes, rest));
}

void KernelEmitter::EmitTile(const std::vector<Point>& points) {
  std::vector<TilePoint> tile;
  for (const Point& point : points) tile.push_back({point, {}});
  programs_.Forget();
  for (TilePoint& entry : tile) EmitInit(entry);
  for (size_t a = 0; a < kernel_.accumulators.size(); ++a) EmitAccumulator(a, tile);
  programs_.Forget();
  for (const TilePoint& entry : tile) EmitEpilogue(entry);
  programs_.Forget();
}

// Slots are stack variables at first; LLVM's promotion makes registers of them.
void KernelEmitter::EmitInit(TilePoint& tile) {
  auto& builder = frame_.Builder();
  for (const Accumulator& accumulator : kernel_.accumulators) {
    std::vector<llvm::AllocaInst*> slots;
    llvm::Type* scalar = RegisterType(builder.getContext(), accumulator.type);
    const int width = ChainLanes(accumulator) > 1 ? accumulator.chains : tile.point.lanes;
    llvm::Type* type = width == 1 ? scalar : llvm::FixedVectorType::get(scalar, static_cast<unsigned>(width));
    llvm::Constant* identity = CombineIdentity(builder.getContext(), accumulator.combine, accumulator.type);
    for (int64_t g = 0; g < accumulator.gate.extent.Value(); ++g) {
      Value* start = identity;
      if (!accumulator.init.Empty()) {
        Point point = tile.point;
        point.variables.emplace_back(g);
        start = programs_.Emit(accumulator.init, point, {})[0];
      }
      if (ChainLanes(accumulator) > 1) {
        start = builder.CreateInsertElement(Splat(frame_, identity, accumulator.chains), start, uint64_t{0});
      } else {
        start = Splat(frame_, start, tile.point.lanes);
      }
      for (int chain = 0; chain < ChainSlots(accumulator); ++chain) {
        slots.push_back(frame_.Slot(type));
        builder.CreateStore(chain == 0 ? start : Splat(frame_, identity, tile.point.lanes), slots.back());
      }
    }
    tile.slots.push_back(std::move(slots));
  }
}

void KernelEmitter::EmitAccumulator(size_t a, std::vector<TilePoint>& tile) { EmitReduced(a, 0, tile, {}); }

void KernelEmitter::EmitReduced(size_t a, size_t depth, std::vector<TilePoint>& tile,
                                std::vector<IndexExpr> reduced) {
  const Accumulator& accumulator = kernel_.accumulators[a];
  if (depth == accumulator.reduced.size()) {
    programs_.Forget();
    CombineAt(a, tile, reduced, 1, 1, 0);
    programs_.Forget();
    return;
  }
  const Dim& extent = accumulator.reduced[depth].extent;
  const bool innermost = depth + 1 == accumulator.reduced.size();
  if (innermost && ChainLanes(accumulator) > 1) return EmitInnermostChains(a, tile, reduced);
  if (innermost && IsStraight(a, tile)) return EmitStraight(a, tile, reduced);
  if (innermost && ChainSlots(accumulator) > 1) return EmitInnermostSlots(a, tile, reduced);
  frame_.Loop(
      frame_.Int(0), frame_.EmitDim(extent), 1,
      [&](Value* counter) {
        std::vector<IndexExpr> inner = reduced;
        inner.push_back(Counter(counter, extent));
        EmitReduced(a, depth + 1, tile, std::move(inner));
      },
      innermost ? Unrolling(extent, a, tile) : 1);
}

void KernelEmitter::EmitInnermostChains(size_t a, std::vector<TilePoint>& tile,
                                        const std::vector<IndexExpr>& reduced) {
  const Accumulator& accumulator = kernel_.accumulators[a];
  const Dim& extent = accumulator.reduced.back().extent;
  RNNC_CHECK(extent.IsConstant(), "split chains over a symbolic extent");
  const int chains = accumulator.chains;
  const int64_t full = extent.Value() / chains;
  auto combine = [&](const IndexExpr& first, int active) {
    std::vector<IndexExpr> inner = reduced;
    inner.push_back(first + IndexExpr::Variable(Axes::kLane));
    programs_.Forget();
    CombineAt(a, tile, inner, chains, active, 0);
    programs_.Forget();
  };
  frame_.Loop(
      frame_.Int(0), frame_.Int(full), 1,
      [&](Value* i) { combine(Counter(i, Dim(full)) * Dim(chains), chains); }, 1);
  const int rest = static_cast<int>(extent.Value() % chains);
  if (rest > 0) combine(IndexExpr(full * chains), rest);
}

// Chains as accumulators of their own: that many neighbours of the innermost index at a time.
void KernelEmitter::EmitInnermostSlots(size_t a, std::vector<TilePoint>& tile,
                                       const std::vector<IndexExpr>& reduced) {
  const Accumulator& accumulator = kernel_.accumulators[a];
  const Dim& extent = accumulator.reduced.back().extent;
  RNNC_CHECK(extent.IsConstant(), "split chains over a symbolic extent");
  const int chains = accumulator.chains;
  const int64_t full = extent.Value() / chains;
  auto combine = [&](const IndexExpr& first, int count) {
    programs_.Forget();
    for (int chain = 0; chain < count; ++chain) {
      std::vector<IndexExpr> inner = reduced;
      inner.push_back(first + IndexExpr(chain));
      CombineAt(a, tile, inner, 1, 1, chain);
    }
    programs_.Forget();
  };
  frame_.Loop(
      frame_.Int(0), frame_.Int(full), 1,
      [&](Value* i) { combine(Counter(i, Dim(full)) * Dim(chains), chains); }, Unrolling(Dim(full), a, tile));
  const int rest = static_cast<int>(extent.Value() % chains);
  if (rest > 0) combine(IndexExpr(full * chains), rest);
}

// Short sums of several gates are straight code, gate after gate.
bool KernelEmitter::IsStraight(size_t a, const std::vector<TilePoint>& tile) const {
  constexpr int64_t kMostCombines = 64;
  const Accumulator& accumulator = kernel_.accumulators[a];
  const Dim& extent = accumulator.reduced.back().extent;
  const int64_t gates = accumulator.gate.extent.Value();
  const auto points = static_cast<int64_t>(tile.size());
  return gates > 1 && extent.IsConstant() && extent.Value() * gates * points <= kMostCombines;
}

// The gate with the longest way through the epilogue comes first, so that its activation begins while the
// others are still summed.
void KernelEmitter::EmitStraight(size_t a, std::vector<TilePoint>& tile,
                                 const std::vector<IndexExpr>& reduced) {
  const Accumulator& accumulator = kernel_.accumulators[a];
  programs_.Forget();
  for (const int64_t gate : GatesByUrgency(kernel_, a)) {
    for (int64_t k = 0; k < accumulator.reduced.back().extent.Value(); ++k) {
      std::vector<IndexExpr> inner = reduced;
      inner.emplace_back(k);
      CombineAt(a, tile, inner, 1, 1, static_cast<int>(k % ChainSlots(accumulator)), gate);
    }
  }
  programs_.Forget();
}

// A short loop over the sum becomes straight code, a longer one two steps at a time: beyond that the loads of
// several steps would compete for registers.
int KernelEmitter::Unrolling(const Dim& steps, size_t a, const std::vector<TilePoint>& tile) const {
  constexpr int64_t kMostCombines = 64;
  const int64_t combines = static_cast<int64_t>(tile.size() * tile[0].slots[a].size());
  if (steps.IsConstant() && steps.Value() > 1 && steps.Value() * combines <= kMostCombines) {
    return static_cast<int>(steps.Value());
  }
  return 2;
}

// One step of accumulator `a` at one reduced point, for every point and gate of the tile. With lanes > 1 the
// lanes run along the innermost reduced variable (chains).
void KernelEmitter::CombineAt(size_t a, std::vector<TilePoint>& tile, const std::vector<IndexExpr>& reduced,
                              int lanes, int active, int chain, int64_t gate) {
  auto& builder = frame_.Builder();
  const Accumulator& accumulator = kernel_.accumulators[a];
  const ir::Program& element = accumulator.element;
  const ir::ScalarNode& top = element.nodes[static_cast<size_t>(element.outputs[0])];
  const bool fused = accumulator.combine == ir::Combine::kSum && ir::IsFloat(accumulator.type) &&
                     top.op == ir::ScalarOp::kMul && top.type == accumulator.type;
  for (TilePoint& entry : tile) {
    for (int64_t g = 0; g < accumulator.gate.extent.Value(); ++g) {
      if (gate != kAllGates && gate != g) continue;
      Point point = entry.point;
      point.variables.emplace_back(g);
      point.variables.insert(point.variables.end(), reduced.begin(), reduced.end());
      if (ChainLanes(accumulator) > 1) {
        point.lanes = lanes;
        point.active = active;
      }
      llvm::AllocaInst* slot = entry.slots[a][static_cast<size_t>(g * ChainSlots(accumulator) + chain)];
      Value* before = builder.CreateLoad(slot->getAllocatedType(), slot);
      Value* after = nullptr;
      if (fused) {
        auto [left, right] = programs_.EmitFactors(element, point);
        after = frame_.Math().MultiplyAdd(Splat(frame_, left, point.lanes), Splat(frame_, right, point.lanes),
                                          before);
      } else {
        Value* value = Splat(frame_, programs_.Emit(element, point, {})[0], point.lanes);
        after = EmitCombine(frame_, accumulator.combine, accumulator.type, before, value);
      }
      if (point.active < point.lanes && ChainLanes(accumulator) > 1) {
        llvm::SmallVector<llvm::Constant*> mask;
        for (int lane = 0; lane < point.lanes; ++lane) mask.push_back(builder.getInt1(lane < point.active));
        after = builder.CreateSelect(llvm::ConstantVector::get(mask), after, before);
      }
      builder.CreateStore(after, slot);
    }
  }
}

// ((c0+c1)+(c2+c3))..: neighbours first, as kernel.h says.
Value* KernelEmitter::JoinedChains(const Accumulator& accumulator, Value* chains) {
  auto& builder = frame_.Builder();
  for (int width = accumulator.chains; width > 1; width /= 2) {
    llvm::SmallVector<int> even;
    llvm::SmallVector<int> odd;
    for (int i = 0; i < width; i += 2) {
      even.push_back(i);
      odd.push_back(i + 1);
    }
    Value* left = builder.CreateShuffleVector(chains, even);
    Value* right = builder.CreateShuffleVector(chains, odd);
    chains = EmitCombine(frame_, accumulator.combine, accumulator.type, left, right);
  }
  return builder.CreateExtractElement(chains, uint64_t{0});
}

Value* KernelEmitter::Read(const TilePoint& tile, int a, int g) {
  const Accumulator& accumulator = kernel_.accumulators[static_cast<size_t>(a)];
  const int slots = ChainSlots(accumulator);
  std::vector<Value*> chains;
  for (int chain = 0; chain < slots; ++chain) {
    const int at = g * slots + chain;
    llvm::AllocaInst* slot = tile.slots[static_cast<size_t>(a)][static_cast<size_t>(at)];
    chains.push_back(frame_.Builder().CreateLoad(slot->getAllocatedType(), slot));
  }
  for (size_t step = 1; step < chains.size(); step *= 2) {
    for (size_t i = 0; i < chains.size(); i += 2 * step) {
      chains[i] = EmitCombine(frame_, accumulator.combine, accumulator.type, chains[i], chains[i + step]);
    }
  }
  return ChainLanes(accumulator) > 1 ? JoinedChains(accumulator, chains[0]) : chains[0];
}

void KernelEmitter::EmitEpilogue(const TilePoint& tile) {
  std::map<std::pair<int, int>, Value*> joined;
  const std::vector<Value*> outputs = programs_.Emit(kernel_.epilogue, tile.point, [&](int a, int g) {
    Value*& value = joined[{a, g}];
    if (value == nullptr) value = Read(tile, a, g);
    return value;
  });
  for (size_t r = 0; r < outputs.size(); ++r) {
    programs_.Store(*operation_.Result(r), kernel_.stores[r], tile.point, outputs[r]);
  }
}

}  // namespace

void EmitKernel(Frame& frame, const ir::Operation& operation) { KernelEmitter(frame, operation).Emit(); }

}  // namespace rnnc::codegen
