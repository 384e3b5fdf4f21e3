// What every kernel uses, in terms of the lanes of one instruction set. Integers as XLA has them, to the bit.
#ifndef LANES_PAIRS
INLINE vi lane_numbers() {
  vi r;
  for (int l = 0; l < W; l++) r[l] = l;
  return r;
}
#endif
INLINE vi shl_i(vi a, vi s) { return (vi)shl_u((vu)a, (vu)s); }
INLINE vi shr_i(vi a, vi s) { return (vi)shr_u((vu)a, (vu)s); }
INLINE vu shra_u(vu a, vu s) { return (vu)shra_i((vi)a, (vi)s); }
INLINE vi abs_i(vi a) { return max_i(a, -a); }
INLINE vu popcount_u(vu a) { return (vu)popcount_i((vi)a); }
INLINE vu clz_u(vu a) { return (vu)clz_i((vi)a); }
INLINE vf number_of_f(vb a) { return float_of_i(number_of(a)); }

// x / 0 is -1 (all ones if unsigned); the smallest integer / -1 is itself.
INLINE vi div_i(vi a, vi b) {
  vb zero = eq_i(b, splat_i(0)), minus = eq_i(b, splat_i(-1));
  vi q = quotient_i(a, select_i(or_b(zero, minus), splat_i(1), b));
  return select_i(zero, splat_i(-1), select_i(minus, -a, q));
}
INLINE vu div_u(vu a, vu b) {
  vb zero = eq_u(b, splat_u(0));
  return select_u(zero, splat_u(0xFFFFFFFFu), quotient_u(a, select_u(zero, splat_u(1), b)));
}
// For operands whose magnitudes add up to at most 2**24 a float tells quotients apart too; b is not 0.
INLINE vi div_small(vi a, vi b) { return truncated(float_of_i(a) / float_of_i(b)); }

// A NaN on either side is the result; the greater zero is +0.
INLINE vf max_f(vf a, vf b) {
  vf m = select_f(gt_f(a, b), a, select_f(eq_f(a, b), (vf)((vi)a & (vi)b), b));
  return select_f(ne_f(a, a), a, m);
}
INLINE vf min_f(vf a, vf b) {
  vf m = select_f(lt_f(a, b), a, select_f(eq_f(a, b), (vf)((vi)a | (vi)b), b));
  return select_f(ne_f(a, a), a, m);
}
INLINE vf abs_f(vf a) { return (vf)((vi)a & 0x7FFFFFFF); }
INLINE vf neg_f(vf a) { return (vf)((vu)a ^ 0x80000000u); }
INLINE vf copysign_f(vf a, vf sign) { return (vf)(((vu)a & 0x7FFFFFFFu) | ((vu)sign & 0x80000000u)); }
INLINE vf sign_f(vf a) {
  vf one = copysign_f(splat_f(1.0f), a);
  return select_f(or_b(eq_f(a, splat_f(0.0f)), ne_f(a, a)), a, one);
}
INLINE vb is_finite_f(vf a) { return lt_i((vi)a & 0x7FFFFFFF, splat_i(0x7F800000)); }
INLINE vf round_away_f(vf a) {
  vf whole = (vf)((vu)round_even_f(a));
  vf down = copysign_f(floor_f(abs_f(a)), a), rest = abs_f(a) - abs_f(down);
  vf up = copysign_f(abs_f(down) + 1.0f, a);
  return select_f(ge_f(abs_f(a), splat_f(8388608.0f)), whole, select_f(ge_f(rest, splat_f(0.5f)), up, down));
}

// To integers: what does not fit becomes the nearest that does, NaN becomes 0.
INLINE vi integer_of(vf a) {
  vi r = truncated(select_f(lt_f(abs_f(a), splat_f(2147483648.0f)), a, splat_f(0.0f)));
  r = select_i(ge_f(a, splat_f(2147483648.0f)), splat_i(0x7FFFFFFF), r);
  return select_i(le_f(a, splat_f(-2147483648.0f)), splat_i(-0x7FFFFFFF - 1), r);
}
INLINE vu integer_of_u(vf a) {
  vb fits = and_b(gt_f(a, splat_f(0.0f)), lt_f(a, splat_f(4294967296.0f)));
  vu r = truncated_u(select_f(fits, a, splat_f(0.0f)));
  return select_u(ge_f(a, splat_f(4294967296.0f)), splat_u(0xFFFFFFFFu), r);
}

// The element `index` of memory that has every element for all lanes side by side.
INLINE vi gather_lanes(const void* base, vi index) { return gather_32((const int32_t*)base, index * W + lane_numbers()); }
// The element `index` of bytes or shorts: the aligned word around it, which is inside the same page.
INLINE vi gather_word(const void* base, vi byte) {
  return shr_i(gather_32((const int32_t*)base, byte >> 2), (byte & 3) << 3);
}
INLINE vi gather_uint8(const void* base, vi index) { return gather_word(base, index) & 255; }
INLINE vi gather_int8(const void* base, vi index) { return (gather_word(base, index) << 24) >> 24; }
INLINE vi gather_uint16(const void* base, vi index) { return gather_word(base, index << 1) & 65535; }
INLINE vi gather_int16(const void* base, vi index) { return (gather_word(base, index << 1) << 16) >> 16; }

// Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
typedef struct {
  vu word[2];
} two_words;
INLINE vu rotated(vu x, int by) { return (x << by) | (x >> (32 - by)); }
INLINE void four_rounds(vu& x0, vu& x1, int a, int b, int c, int d) {
  x0 += x1, x1 = rotated(x1, a) ^ x0;
  x0 += x1, x1 = rotated(x1, b) ^ x0;
  x0 += x1, x1 = rotated(x1, c) ^ x0;
  x0 += x1, x1 = rotated(x1, d) ^ x0;
}
OUTLINE two_words threefry(vu k0, vu k1, vu x0, vu x1) {
  vu k2 = k0 ^ k1 ^ 0x1BD11BDAu;
  x0 += k0, x1 += k1;
  four_rounds(x0, x1, 13, 15, 26, 6), x0 += k1, x1 += k2 + 1u;
  four_rounds(x0, x1, 17, 29, 16, 24), x0 += k2, x1 += k0 + 2u;
  four_rounds(x0, x1, 13, 15, 26, 6), x0 += k0, x1 += k1 + 3u;
  four_rounds(x0, x1, 17, 29, 16, 24), x0 += k1, x1 += k2 + 4u;
  four_rounds(x0, x1, 13, 15, 26, 6), x0 += k2, x1 += k0 + 5u;
  return (two_words){{x0, x1}};
}

// An element of a table of words that is padded to whole registers.
#ifdef LANES_PERMUTE
#define gather_table(base, size, index)                                                      \
  ((size) <= 16   ? permute_16(*(const vi*)(base), index)                                    \
   : (size) <= 32 ? permute_32(*(const vi*)(base), *(const vi*)((base) + 16), index)         \
                  : gather_32(base, index))
#else
#define gather_table(base, size, index) gather_32(base, index)
#endif
