// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/operators.h"

#include <map>

// The version table. A row holds for the opsets first..last; the sources are the operators' change logs
// (ONNX docs/Changelog.md). The newest form is what the IR means; older rows convert to it. Versions that
// differ in element types alone share a row: the shape rules check those.
namespace rnnc::import {
namespace {

using K = ir::OpKind;

constexpr std::string_view kReduceAttributes = "keepdims:i=1 noop_with_empty_axes:i=0";
constexpr std::string_view kOldReduceAttributes = "axes:I? keepdims:i=1";
constexpr std::string_view kConvAttributes =
    "auto_pad:s=NOTSET dilations:I? group:i=1 kernel_shape:I? pads:I? strides:I?";
constexpr std::string_view kConvTransposeAttributes =
    "auto_pad:s=NOTSET dilations:I? group:i=1 kernel_shape:I? output_padding:I? output_shape:I? pads:I? "
    "strides:I?";
constexpr std::string_view kArgAttributes = "axis:i=0 keepdims:i=1 select_last_index:i=0";
constexpr std::string_view kLstm7 =
    "activation_alpha:F? activation_beta:F? activations:S? clip:f? direction:s=forward hidden_size:i? "
    "input_forget:i=0";
constexpr std::string_view kLstm14 =
    "activation_alpha:F? activation_beta:F? activations:S? clip:f? direction:s=forward hidden_size:i? "
    "input_forget:i=0 layout:i=0";
constexpr std::string_view kGru7 =
    "activation_alpha:F? activation_beta:F? activations:S? clip:f? direction:s=forward hidden_size:i? "
    "linear_before_reset:i=0";
constexpr std::string_view kGru14 =
    "activation_alpha:F? activation_beta:F? activations:S? clip:f? direction:s=forward hidden_size:i? "
    "linear_before_reset:i=0 layout:i=0";
constexpr std::string_view kRnn7 =
    "activation_alpha:F? activation_beta:F? activations:S? clip:f? direction:s=forward hidden_size:i?";
constexpr std::string_view kRnn14 =
    "activation_alpha:F? activation_beta:F? activations:S? clip:f? direction:s=forward hidden_size:i? "
    "layout:i=0";

// name, first, last, min inputs, max inputs, max outputs, kind, attributes, conversion
const OperatorRule kRules[] = {
    // Recurrent.
    {"LSTM", 7, 13, 3, 8, 3, K::kLstm, kLstm7, ConvertRecurrent},
    {"LSTM", 14, kNewest, 3, 8, 3, K::kLstm, kLstm14, ConvertRecurrent},
    {"GRU", 7, 13, 3, 6, 2, K::kGru, kGru7, ConvertRecurrent},
    {"GRU", 14, kNewest, 3, 6, 2, K::kGru, kGru14, ConvertRecurrent},
    {"RNN", 7, 13, 3, 6, 2, K::kRnn, kRnn7, ConvertRecurrent},
    {"RNN", 14, kNewest, 3, 6, 2, K::kRnn, kRnn14, ConvertRecurrent},
    // Products.
    {"MatMul", 1, kNewest, 2, 2, 1, K::kMatmul, "", Direct},
    {"Gemm", 7, 10, 3, 3, 1, K::kGemm, "alpha:f=1 beta:f=1 transA:i=0 transB:i=0", Direct},
    {"Gemm", 11, kNewest, 2, 3, 1, K::kGemm, "alpha:f=1 beta:f=1 transA:i=0 transB:i=0", Direct},
    {"Conv", 1, kNewest, 2, 3, 1, K::kConv, kConvAttributes, ConvertConv},
    {"ConvTranspose", 1, kNewest, 2, 3, 1, K::kConvTranspose, kConvTransposeAttributes, ConvertConvTranspose},
    {"Einsum", 12, kNewest, 1, kAny, 1, K::kEinsum, "equation:s!", ConvertEinsum},
    // Pointwise, one operand.
    {"Identity", 1, kNewest, 1, 1, 1, K::kIdentity, "", Direct},
    {"Neg", 6, kNewest, 1, 1, 1, K::kNeg, "", Direct},
    {"Abs", 6, kNewest, 1, 1, 1, K::kAbs, "", Direct},
    {"Sign", 9, kNewest, 1, 1, 1, K::kSign, "", Direct},
    {"Reciprocal", 6, kNewest, 1, 1, 1, K::kReciprocal, "", Direct},
    {"Sqrt", 6, kNewest, 1, 1, 1, K::kSqrt, "", Direct},
    {"Exp", 6, kNewest, 1, 1, 1, K::kExp, "", Direct},
    {"Log", 6, kNewest, 1, 1, 1, K::kLog, "", Direct},
    {"Floor", 6, kNewest, 1, 1, 1, K::kFloor, "", Direct},
    {"Ceil", 6, kNewest, 1, 1, 1, K::kCeil, "", Direct},
    {"Round", 11, kNewest, 1, 1, 1, K::kRound, "", Direct},
    {"Erf", 9, kNewest, 1, 1, 1, K::kErf, "", Direct},
    {"Sin", 7, kNewest, 1, 1, 1, K::kSin, "", Direct},
    {"Cos", 7, kNewest, 1, 1, 1, K::kCos, "", Direct},
    {"Tan", 7, kNewest, 1, 1, 1, K::kTan, "", Direct},
    {"Asin", 7, kNewest, 1, 1, 1, K::kAsin, "", Direct},
    {"Acos", 7, kNewest, 1, 1, 1, K::kAcos, "", Direct},
    {"Atan", 7, kNewest, 1, 1, 1, K::kAtan, "", Direct},
    {"Sinh", 9, kNewest, 1, 1, 1, K::kSinh, "", Direct},
    {"Cosh", 9, kNewest, 1, 1, 1, K::kCosh, "", Direct},
    {"Asinh", 9, kNewest, 1, 1, 1, K::kAsinh, "", Direct},
    {"Acosh", 9, kNewest, 1, 1, 1, K::kAcosh, "", Direct},
    {"Atanh", 9, kNewest, 1, 1, 1, K::kAtanh, "", Direct},
    {"Tanh", 6, kNewest, 1, 1, 1, K::kTanh, "", Direct},
    {"Sigmoid", 6, kNewest, 1, 1, 1, K::kSigmoid, "", Direct},
    {"Relu", 6, kNewest, 1, 1, 1, K::kRelu, "", Direct},
    {"Softplus", 1, kNewest, 1, 1, 1, K::kSoftplus, "", Direct},
    {"Softsign", 1, kNewest, 1, 1, 1, K::kSoftsign, "", Direct},
    {"Mish", 18, kNewest, 1, 1, 1, K::kMish, "", Direct},
    {"LeakyRelu", 6, kNewest, 1, 1, 1, K::kLeakyRelu, "alpha:f=0.01", Direct},
    {"Elu", 6, kNewest, 1, 1, 1, K::kElu, "alpha:f=1", Direct},
    {"Selu", 6, kNewest, 1, 1, 1, K::kSelu,
     "alpha:f=1.67326319217681884765625 gamma:f=1.05070102214813232421875", Direct},
    {"Celu", 12, kNewest, 1, 1, 1, K::kCelu, "alpha:f=1", Direct},
    {"ThresholdedRelu", 10, kNewest, 1, 1, 1, K::kThresholdedRelu, "alpha:f=1", Direct},
    {"HardSigmoid", 6, kNewest, 1, 1, 1, K::kHardSigmoid, "alpha:f=0.2 beta:f=0.5", Direct},
    {"HardSwish", 14, kNewest, 1, 1, 1, K::kHardSwish, "", Direct},
    {"Gelu", 20, kNewest, 1, 1, 1, K::kGelu, "approximate:s=none", Direct},
    {"Shrink", 9, kNewest, 1, 1, 1, K::kShrink, "lambd:f=0.5 bias:f=0", Direct},
    {"Not", 1, kNewest, 1, 1, 1, K::kNot, "", Direct},
    {"BitwiseNot", 18, kNewest, 1, 1, 1, K::kBitwiseNot, "", Direct},
    {"Swish", 24, kNewest, 1, 1, 1, K::kSigmoid, "alpha:f=1", ConvertSwish},
    {"IsNaN", 9, kNewest, 1, 1, 1, K::kIsNan, "", Direct},
    {"IsInf", 10, kNewest, 1, 1, 1, K::kIsInf, "detect_negative:i=1 detect_positive:i=1", Direct},
    // `saturate` and `round_mode` say something of 8-bit floats only, which are refused.
    {"Cast", 6, 18, 1, 1, 1, K::kCast, "to:i!", ConvertCast},
    {"Cast", 19, 23, 1, 1, 1, K::kCast, "to:i! saturate:i=1", ConvertCast},
    {"Cast", 24, kNewest, 1, 1, 1, K::kCast, "to:i! saturate:i=1 round_mode:s=up", ConvertCast},
    {"CastLike", 15, 18, 2, 2, 1, K::kCast, "", ConvertCastLike},
    {"CastLike", 19, 23, 2, 2, 1, K::kCast, "saturate:i=1", ConvertCastLike},
    {"CastLike", 24, kNewest, 2, 2, 1, K::kCast, "saturate:i=1 round_mode:s=up", ConvertCastLike},
    {"Clip", 6, 10, 1, 1, 1, K::kClip, "min:f? max:f?", ClipBoundsToOperands},
    {"Clip", 11, kNewest, 1, 3, 1, K::kClip, "", Direct},
    {"Dropout", 7, 11, 1, 1, 2, K::kIdentity, "ratio:f=0.5", ConvertDropout},
    {"Dropout", 12, kNewest, 1, 3, 2, K::kIdentity, "seed:i?", ConvertDropout},
    // Pointwise, several operands.
    {"Add", 7, kNewest, 2, 2, 1, K::kAdd, "", Direct},
    {"Sub", 7, kNewest, 2, 2, 1, K::kSub, "", Direct},
    {"Mul", 7, kNewest, 2, 2, 1, K::kMul, "", Direct},
    {"Div", 7, kNewest, 2, 2, 1, K::kDiv, "", Direct},
    {"Pow", 7, kNewest, 2, 2, 1, K::kPow, "", Direct},
    {"Mod", 10, kNewest, 2, 2, 1, K::kMod, "fmod:i=0", Direct},
    {"PRelu", 7, kNewest, 2, 2, 1, K::kPrelu, "", Direct},
    {"Equal", 7, kNewest, 2, 2, 1, K::kEqual, "", Direct},
    {"Less", 7, kNewest, 2, 2, 1, K::kLess, "", Direct},
    {"LessOrEqual", 12, kNewest, 2, 2, 1, K::kLessOrEqual, "", Direct},
    {"Greater", 7, kNewest, 2, 2, 1, K::kGreater, "", Direct},
    {"GreaterOrEqual", 12, kNewest, 2, 2, 1, K::kGreaterOrEqual, "", Direct},
    {"And", 7, kNewest, 2, 2, 1, K::kAnd, "", Direct},
    {"Or", 7, kNewest, 2, 2, 1, K::kOr, "", Direct},
    {"Xor", 7, kNewest, 2, 2, 1, K::kXor, "", Direct},
    {"BitwiseAnd", 18, kNewest, 2, 2, 1, K::kBitwiseAnd, "", Direct},
    {"BitwiseOr", 18, kNewest, 2, 2, 1, K::kBitwiseOr, "", Direct},
    {"BitwiseXor", 18, kNewest, 2, 2, 1, K::kBitwiseXor, "", Direct},
    {"BitShift", 11, kNewest, 2, 2, 1, K::kBitShift, "direction:s!", Direct},
    {"Where", 9, kNewest, 3, 3, 1, K::kWhere, "", Direct},
    {"Min", 6, kNewest, 1, kAny, 1, K::kMin, "", Direct},
    {"Max", 6, kNewest, 1, kAny, 1, K::kMax, "", Direct},
    {"Sum", 6, kNewest, 1, kAny, 1, K::kSum, "", Direct},
    {"Mean", 6, kNewest, 1, kAny, 1, K::kMean, "", Direct},
    // Reductions. Until 12 softmax worked on the operand flattened to a matrix at `axis`.
    {"Softmax", 1, 12, 1, 1, 1, K::kSoftmax, "axis:i=1", CoercedSoftmax},
    {"Softmax", 13, kNewest, 1, 1, 1, K::kSoftmax, "axis:i=-1", Direct},
    {"LogSoftmax", 1, 12, 1, 1, 1, K::kLogSoftmax, "axis:i=1", CoercedSoftmax},
    {"LogSoftmax", 13, kNewest, 1, 1, 1, K::kLogSoftmax, "axis:i=-1", Direct},
    {"Hardmax", 1, 12, 1, 1, 1, K::kHardmax, "axis:i=1", CoercedSoftmax},
    {"Hardmax", 13, kNewest, 1, 1, 1, K::kHardmax, "axis:i=-1", Direct},
    {"ArgMax", 1, 11, 1, 1, 1, K::kArgMax, "axis:i=0 keepdims:i=1", ConvertArgReduce},
    {"ArgMax", 12, kNewest, 1, 1, 1, K::kArgMax, kArgAttributes, ConvertArgReduce},
    {"ArgMin", 1, 11, 1, 1, 1, K::kArgMin, "axis:i=0 keepdims:i=1", ConvertArgReduce},
    {"ArgMin", 12, kNewest, 1, 1, 1, K::kArgMin, kArgAttributes, ConvertArgReduce},
    {"CumSum", 11, kNewest, 2, 2, 1, K::kCumSum, "exclusive:i=0 reverse:i=0", Direct},
    // Axes became an operand: of ReduceSum at 13, of the others at 18.
    {"ReduceSum", 1, 12, 1, 1, 1, K::kReduceSum, kOldReduceAttributes, AxesToOperand},
    {"ReduceSum", 13, kNewest, 1, 2, 1, K::kReduceSum, kReduceAttributes, Direct},
    {"ReduceMean", 1, 17, 1, 1, 1, K::kReduceMean, kOldReduceAttributes, AxesToOperand},
    {"ReduceMean", 18, kNewest, 1, 2, 1, K::kReduceMean, kReduceAttributes, Direct},
    {"ReduceProd", 1, 17, 1, 1, 1, K::kReduceProd, kOldReduceAttributes, AxesToOperand},
    {"ReduceProd", 18, kNewest, 1, 2, 1, K::kReduceProd, kReduceAttributes, Direct},
    {"ReduceMax", 1, 17, 1, 1, 1, K::kReduceMax, kOldReduceAttributes, AxesToOperand},
    {"ReduceMax", 18, kNewest, 1, 2, 1, K::kReduceMax, kReduceAttributes, Direct},
    {"ReduceMin", 1, 17, 1, 1, 1, K::kReduceMin, kOldReduceAttributes, AxesToOperand},
    {"ReduceMin", 18, kNewest, 1, 2, 1, K::kReduceMin, kReduceAttributes, Direct},
    {"ReduceL1", 1, 17, 1, 1, 1, K::kReduceL1, kOldReduceAttributes, AxesToOperand},
    {"ReduceL1", 18, kNewest, 1, 2, 1, K::kReduceL1, kReduceAttributes, Direct},
    {"ReduceL2", 1, 17, 1, 1, 1, K::kReduceL2, kOldReduceAttributes, AxesToOperand},
    {"ReduceL2", 18, kNewest, 1, 2, 1, K::kReduceL2, kReduceAttributes, Direct},
    {"ReduceLogSum", 1, 17, 1, 1, 1, K::kReduceLogSum, kOldReduceAttributes, AxesToOperand},
    {"ReduceLogSum", 18, kNewest, 1, 2, 1, K::kReduceLogSum, kReduceAttributes, Direct},
    {"ReduceLogSumExp", 1, 17, 1, 1, 1, K::kReduceLogSumExp, kOldReduceAttributes, AxesToOperand},
    {"ReduceLogSumExp", 18, kNewest, 1, 2, 1, K::kReduceLogSumExp, kReduceAttributes, Direct},
    {"ReduceSumSquare", 1, 17, 1, 1, 1, K::kReduceSumSquare, kOldReduceAttributes, AxesToOperand},
    {"ReduceSumSquare", 18, kNewest, 1, 2, 1, K::kReduceSumSquare, kReduceAttributes, Direct},
    // Pooling. The newer attributes came one after the other.
    {"MaxPool", 1, 7, 1, 1, 1, K::kMaxPool, "auto_pad:s=NOTSET kernel_shape:I! pads:I? strides:I?",
     ConvertPool},
    {"MaxPool", 8, 9, 1, 1, 2, K::kMaxPool,
     "auto_pad:s=NOTSET kernel_shape:I! pads:I? storage_order:i=0 strides:I?", ConvertPool},
    {"MaxPool", 10, kNewest, 1, 1, 2, K::kMaxPool,
     "auto_pad:s=NOTSET ceil_mode:i=0 dilations:I? kernel_shape:I! pads:I? storage_order:i=0 strides:I?",
     ConvertPool},
    {"AveragePool", 7, 9, 1, 1, 1, K::kAveragePool,
     "auto_pad:s=NOTSET count_include_pad:i=0 kernel_shape:I! pads:I? strides:I?", ConvertPool},
    {"AveragePool", 10, 18, 1, 1, 1, K::kAveragePool,
     "auto_pad:s=NOTSET ceil_mode:i=0 count_include_pad:i=0 kernel_shape:I! pads:I? strides:I?", ConvertPool},
    {"AveragePool", 19, kNewest, 1, 1, 1, K::kAveragePool,
     "auto_pad:s=NOTSET ceil_mode:i=0 count_include_pad:i=0 dilations:I? kernel_shape:I! pads:I? strides:I?",
     ConvertPool},
    {"GlobalAveragePool", 1, kNewest, 1, 1, 1, K::kReduceMean, "", ConvertGlobalPool},
    {"GlobalMaxPool", 1, kNewest, 1, 1, 1, K::kReduceMax, "", ConvertGlobalPool},
    // Normalisations. `momentum` says something of training only.
    {"BatchNormalization", 7, 8, 5, 5, 5, K::kBatchNormalization, "epsilon:f=1e-5 momentum:f=0.9 spatial:i=1",
     ConvertBatchNormalization},
    {"BatchNormalization", 9, 13, 5, 5, 5, K::kBatchNormalization, "epsilon:f=1e-5 momentum:f=0.9",
     ConvertBatchNormalization},
    {"BatchNormalization", 14, kNewest, 5, 5, 3, K::kBatchNormalization,
     "epsilon:f=1e-5 momentum:f=0.9 training_mode:i=0", ConvertBatchNormalization},
    {"LayerNormalization", 17, kNewest, 2, 3, 3, K::kLayerNormalization,
     "axis:i=-1 epsilon:f=1e-5 stash_type:i=1", ConvertLayerNormalization},
    {"InstanceNormalization", 6, kNewest, 3, 3, 1, K::kLayerNormalization, "epsilon:f=1e-5",
     ConvertInstanceNormalization},
    {"GroupNormalization", 18, 20, 3, 3, 1, K::kLayerNormalization, "epsilon:f=1e-5 num_groups:i!",
     ConvertGroupNormalization},
    {"GroupNormalization", 21, kNewest, 3, 3, 1, K::kLayerNormalization,
     "epsilon:f=1e-5 num_groups:i! stash_type:i=1", ConvertGroupNormalization},
    {"RMSNormalization", 23, kNewest, 2, 2, 1, K::kReduceMean, "axis:i=-1 epsilon:f=1e-5 stash_type:i=1",
     ConvertRmsNormalization},
    {"MeanVarianceNormalization", 9, kNewest, 1, 1, 1, K::kReduceMean, "axes:I?",
     ConvertMeanVarianceNormalization},
    // Layout.
    {"Transpose", 1, kNewest, 1, 1, 1, K::kTranspose, "perm:I?", ConvertTranspose},
    {"Reshape", 5, 13, 2, 2, 1, K::kReshape, "", ConvertReshape},
    {"Reshape", 14, kNewest, 2, 2, 1, K::kReshape, "allowzero:i=0", ConvertReshape},
    {"Flatten", 1, kNewest, 1, 1, 1, K::kFlatten, "axis:i=1", Direct},
    {"Squeeze", 1, 12, 1, 1, 1, K::kSqueeze, "axes:I?", AxesToOperand},
    {"Squeeze", 13, kNewest, 1, 2, 1, K::kSqueeze, "", Direct},
    {"Unsqueeze", 1, 12, 1, 1, 1, K::kUnsqueeze, "axes:I!", AxesToOperand},
    {"Unsqueeze", 13, kNewest, 2, 2, 1, K::kUnsqueeze, "", Direct},
    {"Concat", 4, kNewest, 1, kAny, 1, K::kConcat, "axis:i!", Direct},
    {"Split", 2, 12, 1, 1, kAny, K::kSplit, "axis:i=0 split:I?", ConvertSplit},
    {"Split", 13, 17, 1, 2, kAny, K::kSplit, "axis:i=0", ConvertSplit},
    {"Split", 18, kNewest, 1, 2, kAny, K::kSplit, "axis:i=0 num_outputs:i?", ConvertSplit},
    {"Slice", 1, 9, 1, 1, 1, K::kSlice, "axes:I? ends:I! starts:I!", SliceAttributesToOperands},
    {"Slice", 10, kNewest, 3, 5, 1, K::kSlice, "", Direct},
    {"Gather", 1, kNewest, 2, 2, 1, K::kGather, "axis:i=0", Direct},
    {"GatherElements", 11, kNewest, 2, 2, 1, K::kGatherElements, "axis:i=0", Direct},
    {"GatherND", 11, 11, 2, 2, 1, K::kGather, "", ConvertGatherNd},
    {"GatherND", 12, kNewest, 2, 2, 1, K::kGather, "batch_dims:i=0", ConvertGatherNd},
    {"Scatter", 9, 10, 3, 3, 1, K::kScatterNd, "axis:i=0", ConvertScatterElements},
    {"ScatterElements", 11, 15, 3, 3, 1, K::kScatterNd, "axis:i=0", ConvertScatterElements},
    {"ScatterElements", 16, kNewest, 3, 3, 1, K::kScatterNd, "axis:i=0 reduction:s=none",
     ConvertScatterElements},
    {"ScatterND", 11, 15, 3, 3, 1, K::kScatterNd, "", ConvertScatterNd},
    {"ScatterND", 16, kNewest, 3, 3, 1, K::kScatterNd, "reduction:s=none", ConvertScatterNd},
    {"Compress", 9, kNewest, 2, 2, 1, K::kGather, "axis:i?", ConvertCompress},
    {"OneHot", 9, kNewest, 3, 3, 1, K::kWhere, "axis:i=-1", ConvertOneHot},
    {"Pad", 2, 10, 1, 1, 1, K::kPad, "mode:s=constant pads:I! value:f=0", PadAttributesToOperands},
    {"Pad", 11, 17, 2, 3, 1, K::kPad, "mode:s=constant", ConvertPad},
    {"Pad", 18, kNewest, 2, 4, 1, K::kPad, "mode:s=constant", ConvertPad},
    {"Expand", 8, kNewest, 2, 2, 1, K::kExpand, "", Direct},
    {"Tile", 6, kNewest, 2, 2, 1, K::kTile, "", Direct},
    {"Trilu", 14, kNewest, 1, 2, 1, K::kTrilu, "upper:i=1", Direct},
    {"DepthToSpace", 1, 10, 1, 1, 1, K::kTranspose, "blocksize:i!", ConvertDepthToSpace},
    {"DepthToSpace", 11, kNewest, 1, 1, 1, K::kTranspose, "blocksize:i! mode:s=DCR", ConvertDepthToSpace},
    {"SpaceToDepth", 1, kNewest, 1, 1, 1, K::kTranspose, "blocksize:i!", ConvertSpaceToDepth},
    // Shapes and constants.
    {"Shape", 1, 14, 1, 1, 1, K::kShape, "", ConvertShape},
    {"Shape", 15, kNewest, 1, 1, 1, K::kShape, "start:i=0 end:i?", ConvertShape},
    {"Size", 1, kNewest, 1, 1, 1, K::kSize, "", Direct},
    {"ConstantOfShape", 9, kNewest, 1, 1, 1, K::kConstantOfShape, "value:t?", ConvertConstantOfShape},
    {"Range", 11, kNewest, 3, 3, 1, K::kRange, "", Direct},
    {"EyeLike", 9, kNewest, 1, 1, 1, K::kEyeLike, "dtype:i? k:i=0", ConvertEyeLike},
    {"Constant", 1, 11, 0, 0, 1, K::kIdentity, "value:t?", ConvertConstant},
    {"Constant", 12, kNewest, 0, 0, 1, K::kIdentity,
     "value:t? value_float:f? value_floats:F? value_int:i? value_ints:I?", ConvertConstant},
    // Becomes the nodes of the branch that its condition chooses.
    {"If", 1, kNewest, 1, 1, kAny, K::kIdentity, "then_branch:g! else_branch:g!", nullptr},
    // Loops. The older Scan had a batch axis of its own.
    {"Scan", 9, kNewest, 1, kAny, kAny, K::kScan,
     "body:g! num_scan_inputs:i! scan_input_axes:I? scan_input_directions:I? scan_output_axes:I? "
     "scan_output_directions:I?",
     nullptr},
    {"Loop", 1, 10, 3, kAny, kAny, K::kScan, "body:g!", nullptr},
    {"Loop", 11, kNewest, 2, kAny, kAny, K::kScan, "body:g!", nullptr},
    // Sequences that only gather tensors.
    {"SequenceEmpty", 11, kNewest, 0, 0, 1, K::kIdentity, "dtype:i=1", nullptr},
    {"SequenceConstruct", 11, kNewest, 1, kAny, 1, K::kIdentity, "", nullptr},
    {"SequenceInsert", 11, kNewest, 2, 3, 1, K::kIdentity, "", nullptr},
    {"SequenceAt", 11, kNewest, 2, 2, 1, K::kGather, "", nullptr},
    {"SequenceLength", 11, kNewest, 1, 1, 1, K::kIdentity, "", nullptr},
    {"SplitToSequence", 11, kNewest, 1, 2, 1, K::kIdentity, "axis:i=0 keepdims:i=1", nullptr},
    {"ConcatFromSequence", 11, kNewest, 1, 1, 1, K::kConcat, "axis:i! new_axis:i=0", nullptr},
};

// What to do about operators that are refused for a reason of their own.
const std::map<std::string_view, std::string_view>& Advice() {
  constexpr std::string_view sequence =
      "of values that are sequences, only those are computed that collect tensors (SequenceEmpty, "
      "SequenceConstruct, SequenceInsert, SequenceAt, SequenceLength, SplitToSequence, ConcatFromSequence)";
  constexpr std::string_view optional = "optional values are not computed; export without them";
  constexpr std::string_view random = "random numbers are not computed; export without them";
  constexpr std::string_view loss = "losses are for training; export the model for inference";
  constexpr std::string_view quantised = "quantised operators are not computed; export the model in floats";
  static const std::map<std::string_view, std::string_view> table = {
      {"Bernoulli", random},
      {"Multinomial", random},
      {"RandomNormal", random},
      {"RandomNormalLike", random},
      {"RandomUniform", random},
      {"RandomUniformLike", random},
      {"NegativeLogLikelihoodLoss", loss},
      {"SoftmaxCrossEntropyLoss", loss},
      {"ConvInteger", quantised},
      {"DequantizeLinear", quantised},
      {"DynamicQuantizeLinear", quantised},
      {"MatMulInteger", quantised},
      {"QLinearConv", quantised},
      {"QLinearMatMul", quantised},
      {"QuantizeLinear", quantised},
      {"SequenceErase", sequence},
      {"SequenceMap", sequence},
      {"Optional", optional},
      {"OptionalGetElement", optional},
      {"OptionalHasElement", optional},
  };
  return table;
}

}  // namespace

const std::vector<OperatorRule>& OperatorRules() {
  static const std::vector<OperatorRule> rules(std::begin(kRules), std::end(kRules));
  return rules;
}

const OperatorRule* FindRule(std::string_view name, int64_t opset) {
  for (const OperatorRule& rule : OperatorRules()) {
    if (rule.name == name && rule.first <= opset && opset <= rule.last) return &rule;
  }
  return nullptr;
}

std::string WhyNotComputed(const std::string& name, int64_t opset) {
  auto advice = Advice().find(name);
  if (advice != Advice().end()) return fmt::format("operator {}: {}", name, advice->second);
  for (const OperatorRule& rule : OperatorRules()) {
    if (rule.name == name) {
      return fmt::format("operator {}: is not computed at opset {}, only from {} on; convert the model", name,
                         opset, rule.first);
    }
  }
  return fmt::format("operator {}: is not computed; export the model without it", name);
}

}  // namespace rnnc::import
