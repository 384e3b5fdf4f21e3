// Thirty-two lanes. An integer that fits into sixteen bits is one register, any other value a pair of them. What is done
// to a pair is done to both by the operations of sixteen lanes, which are in the namespace half.
template <class V>
struct two {
  V a, b;
  two() = default;
  INLINE_MEMBER two(V x, V y) : a(x), b(y) {}
  template <class U>
  INLINE_MEMBER explicit two(two<U> x) : a((V)x.a), b((V)x.b) {}
};
typedef two<half::vi> vi;
typedef two<half::vu> vu;
typedef two<half::vf> vf;
typedef __mmask32 vb;
typedef int16_t vs __attribute__((vector_size(64)));
#undef TRUE_LANES
#undef FALSE_LANES
#define TRUE_LANES ((vb)0xFFFFFFFFu)
#define FALSE_LANES ((vb)0)

#define PAIRS_OPERATOR(op)                                                                              \
  template <class V>                                                                                    \
  INLINE two<V> operator op(two<V> x, two<V> y) {                                                       \
    return two<V>(x.a op y.a, x.b op y.b);                                                              \
  }                                                                                                     \
  INLINE vi operator op(vi x, int32_t y) { return vi(x.a op y, x.b op y); }                             \
  INLINE vu operator op(vu x, uint32_t y) { return vu(x.a op y, x.b op y); }
PAIRS_OPERATOR(+) PAIRS_OPERATOR(-) PAIRS_OPERATOR(*) PAIRS_OPERATOR(&) PAIRS_OPERATOR(|) PAIRS_OPERATOR(^)
INLINE vi operator<<(vi x, int by) { return vi(x.a << by, x.b << by); }
INLINE vi operator>>(vi x, int by) { return vi(x.a >> by, x.b >> by); }
INLINE vu operator<<(vu x, int by) { return vu(x.a << by, x.b << by); }
INLINE vu operator>>(vu x, int by) { return vu(x.a >> by, x.b >> by); }
INLINE vf operator/(vf x, vf y) { return vf(x.a / y.a, x.b / y.b); }
INLINE vf operator+(vf x, float y) { return vf(x.a + y, x.b + y); }
INLINE vi operator-(vi x) { return vi(-x.a, -x.b); }
INLINE vu operator-(vu x) { return vu(-x.a, -x.b); }
INLINE vu& operator+=(vu& x, vu y) { return x = x + y; }

INLINE vb both(__mmask16 a, __mmask16 b) { return (vb)_mm512_kunpackw(b, a); }
INLINE __mmask16 low(vb p) { return (__mmask16)p; }
INLINE __mmask16 high(vb p) { return (__mmask16)(p >> 16); }

INLINE vi splat_i(int32_t x) { return vi(half::splat_i(x), half::splat_i(x)); }
INLINE vu splat_u(uint32_t x) { return vu(half::splat_u(x), half::splat_u(x)); }
INLINE vf splat_f(float x) { return vf(half::splat_f(x), half::splat_f(x)); }
INLINE vs splat_s(int x) { return (vs)_mm512_set1_epi16((short)x); }

#define PAIRS_COMPARE(name, integer)                                                                      \
  INLINE vb name##_i(vi x, vi y) { return both(half::name##_i(x.a, y.a), half::name##_i(x.b, y.b)); }     \
  INLINE vb name##_u(vu x, vu y) { return both(half::name##_u(x.a, y.a), half::name##_u(x.b, y.b)); }     \
  INLINE vb name##_f(vf x, vf y) { return both(half::name##_f(x.a, y.a), half::name##_f(x.b, y.b)); }     \
  INLINE vb name##_s(vs x, vs y) { return _mm512_cmp_epi16_mask((__m512i)x, (__m512i)y, integer); }
PAIRS_COMPARE(lt, _MM_CMPINT_LT)
PAIRS_COMPARE(le, _MM_CMPINT_LE)
PAIRS_COMPARE(gt, _MM_CMPINT_NLE)
PAIRS_COMPARE(ge, _MM_CMPINT_NLT)
PAIRS_COMPARE(eq, _MM_CMPINT_EQ)
PAIRS_COMPARE(ne, _MM_CMPINT_NE)

INLINE vi select_i(vb p, vi x, vi y) { return vi(half::select_i(low(p), x.a, y.a), half::select_i(high(p), x.b, y.b)); }
INLINE vu select_u(vb p, vu x, vu y) { return vu(half::select_u(low(p), x.a, y.a), half::select_u(high(p), x.b, y.b)); }
INLINE vf select_f(vb p, vf x, vf y) { return vf(half::select_f(low(p), x.a, y.a), half::select_f(high(p), x.b, y.b)); }
INLINE vs select_s(vb p, vs x, vs y) { return (vs)_mm512_mask_blend_epi16(p, (__m512i)y, (__m512i)x); }
INLINE vb select_b(vb p, vb a, vb b) { return (a & p) | (b & ~p); }
INLINE vb and_b(vb a, vb b) { return a & b; }
INLINE vb or_b(vb a, vb b) { return a | b; }
INLINE vb xor_b(vb a, vb b) { return a ^ b; }
INLINE vb not_b(vb a) { return ~a; }
INLINE bool any(vb a) { return a != 0; }
INLINE vi number_of(vb p) { return vi(half::number_of(low(p)), half::number_of(high(p))); }
INLINE vs number_of_s(vb p) { return (vs)_mm512_maskz_set1_epi16(p, 1); }

#define PAIRS_ONE(name, out, in) \
  INLINE out name(in x) { return out(half::name(x.a), half::name(x.b)); }
#define PAIRS_TWO(name, out, in) \
  INLINE out name(in x, in y) { return out(half::name(x.a, y.a), half::name(x.b, y.b)); }
PAIRS_TWO(max_i, vi, vi) PAIRS_TWO(min_i, vi, vi) PAIRS_TWO(max_u, vu, vu) PAIRS_TWO(min_u, vu, vu)
PAIRS_TWO(mulhi_u, vu, vu) PAIRS_TWO(shl_u, vu, vu) PAIRS_TWO(shr_u, vu, vu) PAIRS_TWO(shra_i, vi, vi)
PAIRS_TWO(quotient_i, vi, vi) PAIRS_TWO(quotient_u, vu, vu)
PAIRS_ONE(float_of_i, vf, vi) PAIRS_ONE(float_of_u, vf, vu) PAIRS_ONE(truncated, vi, vf) PAIRS_ONE(truncated_u, vu, vf)
PAIRS_ONE(sqrt_f, vf, vf) PAIRS_ONE(floor_f, vf, vf) PAIRS_ONE(ceil_f, vf, vf) PAIRS_ONE(round_even_f, vf, vf)
PAIRS_ONE(clz_i, vi, vi) PAIRS_ONE(popcount_i, vi, vi)

INLINE vi gather_32(const int32_t* base, vi index) {
  return vi(half::gather_32(base, index.a), half::gather_32(base, index.b));
}
INLINE vi lane_numbers() {
  vi r;
  for (int l = 0; l < 16; l++) r.a[l] = l, r.b[l] = 16 + l;
  return r;
}

// Sixteen bits: what wraps around wraps as the low half of thirty-two bits would.
INLINE vs max_s(vs x, vs y) { return (vs)_mm512_max_epi16((__m512i)x, (__m512i)y); }
INLINE vs min_s(vs x, vs y) { return (vs)_mm512_min_epi16((__m512i)x, (__m512i)y); }
INLINE vs abs_s(vs x) { return (vs)_mm512_abs_epi16((__m512i)x); }
INLINE vs shl_s(vs x, vs by) { return (vs)_mm512_sllv_epi16((__m512i)x, (__m512i)by); }
INLINE vs shra_s(vs x, vs by) { return (vs)_mm512_srav_epi16((__m512i)x, (__m512i)by); }
INLINE vs quotient_s(vs x, int factor, int shift) {
  return (vs)_mm512_srli_epi16(_mm512_mulhi_epu16((__m512i)x, _mm512_set1_epi16((short)factor)), shift);
}
INLINE vi wide_i(vs x) {
  return vi((half::vi)_mm512_cvtepi16_epi32(_mm512_castsi512_si256((__m512i)x)),
            (half::vi)_mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64((__m512i)x, 1)));
}
INLINE vu wide_u(vs x) { return (vu)wide_i(x); }
template <class V>
INLINE vs short_of(two<V> x) {
  const vs even = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30,
                   32, 34, 36, 38, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 62};
  return (vs)_mm512_permutex2var_epi16((__m512i)x.a, (__m512i)even, (__m512i)x.b);
}

// Lanes of bytes as they are kept between functions.
typedef __m256i small_int8, small_uint8;
INLINE vs wide_int8(__m256i x) { return (vs)_mm512_cvtepi8_epi16(x); }
INLINE vs wide_uint8(__m256i x) { return (vs)_mm512_cvtepu8_epi16(x); }
INLINE __m256i int8_of(vs x) { return _mm512_cvtepi16_epi8((__m512i)x); }
INLINE __m256i splat_8(int x) { return _mm256_set1_epi8((char)x); }
INLINE __m256i select_8(vb p, __m256i x, __m256i y) { return _mm256_mask_blend_epi8(p, y, x); }
INLINE __m256i uint8_of(vs x) { return _mm512_cvtepi16_epi8((__m512i)x); }

// An element of a table of shorts that is padded to whole registers, of which there is an even number if more than one.
INLINE vs permute_64(const int16_t* base, vs index) {
  return (vs)_mm512_permutex2var_epi16(*(const __m512i*)base, (__m512i)index, *(const __m512i*)(base + 32));
}
template <int size>
INLINE vs table_s(const int16_t* base, vs index) {
  if (size <= 32) return (vs)_mm512_permutexvar_epi16((__m512i)index, *(const __m512i*)base);
  vs found = permute_64(base, index);
  if (size > 64) found = select_s(ge_s(index, splat_s(64)), permute_64(base + 64, index), found);
  if (size > 128) found = select_s(ge_s(index, splat_s(128)), permute_64(base + 128, index), found);
  if (size > 192) found = select_s(ge_s(index, splat_s(192)), permute_64(base + 192, index), found);
  return found;
}
INLINE vs gather_int16_table(const int16_t* base, vi index) {
  return short_of(vi((half::vi)_mm512_i32gather_epi32((__m512i)index.a, base, 2),
                     (half::vi)_mm512_i32gather_epi32((__m512i)index.b, base, 2)));
}
