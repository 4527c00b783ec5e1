// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Written by fit_polynomials.py; lowest power first, with the relative error of the function.
#pragma once

#include <cstdint>

namespace rnnc::codegen {

// (exp(r) - 1 - r) / r^2, on [-0.34692, 0.34692]: 2^-26.1
inline constexpr double kExpF32[] = {0x1.fffffe0000000p-2, 0x1.5554aa0000000p-3, 0x1.5557980000000p-5,
                                     0x1.122c100000000p-7, 0x1.6ac8380000000p-10};

// (exp(r) - 1 - r) / r^2, on [-0.34692, 0.34692]: 2^-59.0
inline constexpr double kExpF64[] = {0x1.0000000000000p-1,  0x1.5555555555559p-3,  0x1.555555555555ap-5,
                                     0x1.111111110f71fp-7,  0x1.6c16c16c151a2p-10, 0x1.a01a01af3b686p-13,
                                     0x1.a01a01a06e549p-16, 0x1.71ddfb5b0e765p-19, 0x1.27e510656293fp-22,
                                     0x1.af575744914fdp-26, 0x1.1edc93d29bfdep-29};

// (log(1 + f) - f + f^2/2) / f^3, on [-0.29289, 0.41421]: 2^-26.5
inline constexpr double kLogF32[] = {0x1.5555540000000p-2,  -0x1.0002280000000p-2, 0x1.99a0340000000p-3,
                                     -0x1.5471320000000p-3, 0x1.22d5180000000p-3,  -0x1.0d98520000000p-3,
                                     0x1.05b0f20000000p-3,  -0x1.3942800000000p-4};

// (2 atanh(s) - 2 s) / s^3 in s^2, on [1.0e-12, 0.029437]: 2^-59.5
inline constexpr double kLogF64[] = {0x1.5555555555592p-1, 0x1.999999997ff1ap-2, 0x1.24924941e13e1p-2,
                                     0x1.c71c521469b76p-3, 0x1.74663ce784bc9p-3, 0x1.39a1e97190aefp-3,
                                     0x1.2f03b30eb4749p-3};

// (2 atanh(s) - 2 s) / s^3 in s^2, on [1.0e-12, 0.11111]: 2^-33.0
inline constexpr double kAtanhF32[] = {0x1.5555580000000p-1, 0x1.9996d80000000p-2, 0x1.2505100000000p-2,
                                       0x1.b72bb60000000p-3, 0x1.f08b0c0000000p-3};

// (2 atanh(s) - 2 s - 2/3 s^3) / s^5 in s^2, on [1.0e-12, 0.029437]: 2^-73.5
inline constexpr double kPowLogF64[] = {0x1.9999999999996p-2, 0x1.2492492492f51p-2, 0x1.c71c71c5968fap-3,
                                        0x1.745d182956635p-3, 0x1.3b1364c95d847p-3, 0x1.11206f290531fp-3,
                                        0x1.de3d71b77c06fp-4, 0x1.eac5b200e6f54p-4};

// erf(x) / x - 1 in x^2, on [1.0e-12, 1.0]: 2^-29.4
inline constexpr double kErfF32[] = {0x1.06eba80000000p-3,  -0x1.81273e0000000p-2, 0x1.ce2ce60000000p-4,
                                     -0x1.b7f71a0000000p-6, 0x1.53f2240000000p-8,  -0x1.a3515e0000000p-11,
                                     0x1.4771fe0000000p-14};

// erf(x) / x - 1 in x^2, on [1.0e-12, 1.0]: 2^-55.7
inline constexpr double kErfF64[] = {0x1.06eba8214db69p-3,   -0x1.812746b037a25p-2,  0x1.ce2f21a0458d7p-4,
                                     -0x1.b82ce31354c1cp-6,  0x1.565bcd2c601bcp-8,   -0x1.c02db9326ff42p-11,
                                     0x1.f9a3b93ba2022p-14,  -0x1.f4dcef5112d75p-17, 0x1.ba68f7cd0d33ep-20,
                                     -0x1.638fbf06d136ap-23, 0x1.131ad414b728cp-26,  -0x1.c4946ce278a7ap-30,
                                     0x1.3b6c2fb3d03edp-33};

// log(erfc(2 + t)), on [-1.0, 2.0]: 2^-30.4
inline constexpr double kErfcF32[] = {-0x1.575b320000000p+2, -0x1.1ac3220000000p+2, -0x1.d8f6240000000p-1,
                                      -0x1.0e01b20000000p-6, 0x1.d1f86a0000000p-9,  -0x1.77f6900000000p-11,
                                      0x1.5fc3820000000p-13, -0x1.25e8980000000p-17};

// log(erfc(2 + t)), on [-1.0, 4.0]: 2^-56.4
inline constexpr double kErfcF64[] = {-0x1.575b329b1f516p+2,  -0x1.1ac3258a8dc3bp+2,  -0x1.d8f5dece92410p-1,
                                      -0x1.0dc3b5fae81d3p-6,  0x1.d406b3767e0d4p-9,   -0x1.7ffcfb76e4e5dp-11,
                                      0x1.1bc3a3f3bd968p-13,  -0x1.5b655b066f014p-16, 0x1.06069a1ee570bp-19,
                                      0x1.b53aa41d32431p-23,  -0x1.7433d313f0d4ep-23, 0x1.f0dde97447fecp-25,
                                      -0x1.da71dadd799bfp-27, 0x1.57a608a5888e2p-29,  -0x1.9b4375b804daap-32,
                                      -0x1.da0d20e8856a4p-37, 0x1.47a19e8cff13bp-34,  -0x1.c0576e6c5e78fp-36,
                                      -0x1.1384858202013p-38, 0x1.e6d8057c70d0dp-39,  -0x1.0ee4683b47309p-41};

// (sin(r) - r) / r^3 in r^2, on [1.0e-12, 0.61697]: 2^-28.0
inline constexpr double kSinF32[] = {-0x1.5555460000000p-3, 0x1.11077c0000000p-7, -0x1.9955b60000000p-13};

// (cos(r) - 1 + r^2/2) / r^4 in r^2, on [1.0e-12, 0.61697]: 2^-33.0
inline constexpr double kCosF32[] = {0x1.55554a0000000p-5, -0x1.6c0c280000000p-10, 0x1.99e80c0000000p-16};

// (sin(r) - r) / r^3 in r^2, on [1.0e-12, 0.61697]: 2^-58.0
inline constexpr double kSinF64[] = {-0x1.5555555555549p-3, 0x1.111111110f8a4p-7,   -0x1.a01a019c15b3ap-13,
                                     0x1.71de357aac260p-19, -0x1.ae5e6839a8281p-26, 0x1.5d9383d0e1e68p-33};

// (cos(r) - 1 + r^2/2) / r^4 in r^2, on [1.0e-12, 0.61697]: 2^-63.9
inline constexpr double kCosF64[] = {0x1.555555555554bp-5,   -0x1.6c16c16c15013p-10, 0x1.a01a019c8ed07p-16,
                                     -0x1.27e4f7f14115ep-22, 0x1.1ee9db8e3b59ap-29,  -0x1.8fa65e9bc41cfp-37};

// (atan(t) - t) / t^3 in t^2, on [1.0e-12, 1.0]: 2^-54.8
inline constexpr double kAtanF64[] = {-0x1.555555555554ep-2,  0x1.9999999998db7p-3,  -0x1.249249245c74fp-3,
                                      0x1.c71c71b78faa5p-4,   -0x1.745d15eaaa2d8p-4, 0x1.3b139d1c24443p-4,
                                      -0x1.11103dff29cfep-4,  0x1.e1d51e6700dc3p-5,  -0x1.aedd3b2e76cf6p-5,
                                      0x1.84bf567eced2ap-5,   -0x1.5f44acdbc1d6ap-5, 0x1.394fc2ed9e4c0p-5,
                                      -0x1.0d1dea2f708e4p-5,  0x1.ae04ea87d800dp-6,  -0x1.32b8aeab282fap-6,
                                      0x1.75e62bbfd6ddfp-7,   -0x1.73d3b1ab8fd4bp-8, 0x1.1de306cebda7fp-9,
                                      -0x1.3c0161b76075dp-11, 0x1.bc2312c63f4bbp-14, -0x1.28d6beba1a2d0p-17};

// (asin(x) - x) / x^3 in x^2, on [1.0e-12, 0.25]: 2^-59.8
inline constexpr double kAsinF64[] = {0x1.5555555555578p-3, 0x1.333333332df1ep-4, 0x1.6db6db722acecp-5,
                                      0x1.f1c71a8be32cep-6, 0x1.6e8bdfdd92cf6p-6, 0x1.1c49deb6f09abp-6,
                                      0x1.ca2131b01e7d3p-7, 0x1.757831827995fp-7, 0x1.6186e19d91a37p-7,
                                      0x1.e198f57ec8081p-9, 0x1.64ee329e4848cp-6, -0x1.59d90d9c58171p-6,
                                      0x1.0bdac05d515f4p-5};

// tanh(c + t): rows of c and of the powers of t, 2^-24.0; the column is bits 21 to 24 of 1.5 |x| + 1
inline constexpr double kTanhPiecesF32[][16] = {
    {0x1.aaaaaa0000000p-1, 0x1.2aaaaa0000000p+0, 0x1.8000000000000p+0, 0x1.d555560000000p+0,
     0x1.2aaaaa0000000p+1, 0x1.8000000000000p+1, 0x1.d555560000000p+1, 0x1.1555560000000p+2,
     0x1.5555560000000p+2, 0x1.aaaaaa0000000p+2, 0x1.0000000000000p+3, 0x1.1555560000000p+3, 0x0.0p+0,
     0x1.0000000000000p-2, 0x1.aaaaaa0000000p-2, 0x1.2aaaaa0000000p-1},
    {0x1.5d516a0000000p-1, 0x1.a57a8e0000000p-1, 0x1.cf6f980000000p-1, 0x1.e67a360000000p-1,
     0x1.f675e00000000p-1, 0x1.fd77d00000000p-1, 0x1.ff54d40000000p-1, 0x1.ffd2dc0000000p-1,
     0x1.fff9e40000000p-1, 0x1.ffff940000000p-1, 0x1.fffff80000000p-1, 0x1.0000000000000p+0, 0x0.0p+0,
     0x1.f597ea0000000p-3, 0x1.9393d00000000p-2, 0x1.0cd7cc0000000p-1},
    {0x1.11ac760000000p-1, 0x1.4a13ac0000000p-2, 0x1.7216500000000p-3, 0x1.8e2efe0000000p-4,
     0x1.2e6bec0000000p-5, 0x1.434a840000000p-7, 0x1.561e8e0000000p-9, 0x1.6912ea0000000p-11,
     0x1.8721240000000p-14, 0x1.b2da100000000p-18, 0x1.e371000000000p-22, 0x0.0p+0, 0x1.0000000000000p+0,
     0x1.e149a00000000p-1, 0x1.b078aa0000000p-1, 0x1.72d5ba0000000p-1},
    {-0x1.75702e0000000p-2, -0x1.0fba320000000p-2, -0x1.4efd780000000p-3, -0x1.7a56200000000p-4,
     -0x1.28be8a0000000p-5, -0x1.419b340000000p-7, -0x1.5591b00000000p-9, -0x1.68d6380000000p-11,
     -0x1.85003c0000000p-14, -0x1.b0801a0000000p-18, -0x1.e0d4140000000p-22, 0x0.0p+0, 0x1.f091ba0000000p-20,
     -0x1.d780600000000p-3, -0x1.54e35e0000000p-2, -0x1.85701e0000000p-2},
    {0x1.21485a0000000p-4, 0x1.c6a49c0000000p-4, 0x1.67b6800000000p-4, 0x1.c581660000000p-5,
     0x1.7ce6e20000000p-6, 0x1.a896ae0000000p-8, 0x1.c640ca0000000p-10, 0x1.e0ccbe0000000p-12,
     0x1.0371060000000p-14, 0x1.207a060000000p-18, 0x1.40b6900000000p-22, 0x0.0p+0, -0x1.556abe0000000p-2,
     -0x1.07202e0000000p-2, -0x1.33eff20000000p-3, -0x1.55e82e0000000p-5},
    {0x1.2e16a20000000p-4, -0x1.1e4db00000000p-9, -0x1.9427aa0000000p-6, -0x1.64a0980000000p-6,
     -0x1.6401ac0000000p-7, -0x1.a867660000000p-9, -0x1.cdcd420000000p-11, -0x1.eaf3000000000p-13,
     -0x1.1c9dd80000000p-15, -0x1.3c8f7e0000000p-19, -0x1.5ff13e0000000p-23, 0x0.0p+0, 0x1.3bf5e80000000p-10,
     0x1.1c95700000000p-3, 0x1.5b3db60000000p-3, 0x1.2fce720000000p-3},
    {-0x1.f3d80c0000000p-5, -0x1.c63c9e0000000p-6, -0x1.7c15a80000000p-9, 0x1.1d113e0000000p-8,
     0x1.d8be460000000p-9, 0x1.44bad00000000p-10, 0x1.6cf5c00000000p-12, 0x1.87340c0000000p-14,
     0x1.c54c900000000p-17, 0x1.f864580000000p-21, 0x1.18646e0000000p-24, 0x0.0p+0, 0x1.0475820000000p-3,
     0x1.2b4af80000000p-4, 0x1.4fa5980000000p-9, -0x1.84f5d00000000p-5}};

// (exp(r) - 1 - r) / r^2, on [-0.021683, 0.021683]: 2^-27.7
inline constexpr double kExpSixteenthF32[] = {0x1.0001480000000p-1, 0x1.5557620000000p-3};

// 2^(-j/16) (1 + j/16)
inline constexpr double kSixteenthsF32[][16] = {
    {0x1.0000000000000p+0, 0x1.0477d40000000p+0, 0x1.0818e00000000p+0, 0x1.0af3480000000p+0,
     0x1.0d163c0000000p+0, 0x1.0e8ff80000000p+0, 0x1.0f6dda0000000p+0, 0x1.0fbc6c0000000p+0,
     0x1.0f876c0000000p+0, 0x1.0ed9e20000000p+0, 0x1.0dbe1c0000000p+0, 0x1.0c3dc60000000p+0,
     0x1.0a61e40000000p+0, 0x1.0832f00000000p+0, 0x1.05b8cc0000000p+0, 0x1.02fada0000000p+0}};

// The first 1280 bits of 2/pi after the point, highest word first.
inline constexpr std::uint64_t kTwoOverPi[] = {
    0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
    0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
    0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d};

}  // namespace rnnc::codegen
