// Sixteen lanes in registers of 512 bits. A bool is one bit of a mask register per lane.
typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef uint32_t vu __attribute__((vector_size(64)));
typedef __mmask16 vb;

INLINE vf splat_f(float x) { return x - (vf){}; }  // minus: it keeps the sign of a zero
INLINE vi splat_i(int32_t x) { return x - (vi){}; }
INLINE vu splat_u(uint32_t x) { return x - (vu){}; }
#define TRUE_LANES ((vb)0xFFFF)
#define FALSE_LANES ((vb)0)

#define LANES_COMPARE(name, integer, real)                                                                       \
  INLINE vb name##_i(vi a, vi b) { return _mm512_cmp_epi32_mask((__m512i)a, (__m512i)b, integer); }              \
  INLINE vb name##_u(vu a, vu b) { return _mm512_cmp_epu32_mask((__m512i)a, (__m512i)b, integer); }              \
  INLINE vb name##_f(vf a, vf b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, real); }
LANES_COMPARE(lt, _MM_CMPINT_LT, _CMP_LT_OQ)
LANES_COMPARE(le, _MM_CMPINT_LE, _CMP_LE_OQ)
LANES_COMPARE(gt, _MM_CMPINT_NLE, _CMP_GT_OQ)
LANES_COMPARE(ge, _MM_CMPINT_NLT, _CMP_GE_OQ)
LANES_COMPARE(eq, _MM_CMPINT_EQ, _CMP_EQ_OQ)
LANES_COMPARE(ne, _MM_CMPINT_NE, _CMP_NEQ_UQ)

INLINE vi select_i(vb p, vi a, vi b) { return (vi)_mm512_mask_blend_epi32(p, (__m512i)b, (__m512i)a); }
INLINE vu select_u(vb p, vu a, vu b) { return (vu)_mm512_mask_blend_epi32(p, (__m512i)b, (__m512i)a); }
INLINE vf select_f(vb p, vf a, vf b) { return (vf)_mm512_mask_blend_ps(p, (__m512)b, (__m512)a); }
INLINE vb select_b(vb p, vb a, vb b) { return (vb)((a & p) | (b & ~p)); }
INLINE vb and_b(vb a, vb b) { return (vb)(a & b); }
INLINE vb or_b(vb a, vb b) { return (vb)(a | b); }
INLINE vb xor_b(vb a, vb b) { return (vb)(a ^ b); }
INLINE vb not_b(vb a) { return (vb)~a; }
INLINE vi number_of(vb a) { return (vi)_mm512_maskz_set1_epi32(a, 1); }
INLINE bool any(vb a) { return a != 0; }
INLINE vb bool_of_lane_bytes(const uint8_t* bytes) {
  __m128i x = _mm_loadu_si128((const __m128i*)bytes);
  return _mm_test_epi8_mask(x, x);
}

INLINE vi max_i(vi a, vi b) { return (vi)_mm512_max_epi32((__m512i)a, (__m512i)b); }
INLINE vi min_i(vi a, vi b) { return (vi)_mm512_min_epi32((__m512i)a, (__m512i)b); }
INLINE vu max_u(vu a, vu b) { return (vu)_mm512_max_epu32((__m512i)a, (__m512i)b); }
INLINE vu min_u(vu a, vu b) { return (vu)_mm512_min_epu32((__m512i)a, (__m512i)b); }

// The high word of the product: of even lanes, and of odd ones.
INLINE vu mulhi_u(vu a, vu b) {
  __m512i even = _mm512_srli_epi64(_mm512_mul_epu32((__m512i)a, (__m512i)b), 32);
  __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64((__m512i)a, 32), _mm512_srli_epi64((__m512i)b, 32));
  return (vu)_mm512_mask_blend_epi32(0xAAAA, even, odd);
}

// A shift by the width or more leaves nothing, or the sign: the processor's own rule.
INLINE vu shl_u(vu a, vu s) { return (vu)_mm512_sllv_epi32((__m512i)a, (__m512i)s); }
INLINE vu shr_u(vu a, vu s) { return (vu)_mm512_srlv_epi32((__m512i)a, (__m512i)s); }
INLINE vi shra_i(vi a, vi s) { return (vi)_mm512_srav_epi32((__m512i)a, (__m512i)s); }

INLINE vf float_of_i(vi a) { return (vf)_mm512_cvtepi32_ps((__m512i)a); }
INLINE vf float_of_u(vu a) { return (vf)_mm512_cvtepu32_ps((__m512i)a); }
INLINE vi truncated(vf a) { return (vi)_mm512_cvttps_epi32((__m512)a); }  // of what fits
INLINE vu truncated_u(vf a) { return (vu)_mm512_cvttps_epu32((__m512)a); }

INLINE vf sqrt_f(vf a) { return (vf)_mm512_sqrt_ps((__m512)a); }
INLINE vf floor_f(vf a) { return (vf)_mm512_roundscale_ps((__m512)a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
INLINE vf ceil_f(vf a) { return (vf)_mm512_roundscale_ps((__m512)a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
INLINE vf round_even_f(vf a) {
  return (vf)_mm512_roundscale_ps((__m512)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// Exact: the quotient of two 32-bit integers is never within a rounding of a double of the next integer.
INLINE __m512i joined(__m256i low, __m256i high) { return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1); }
INLINE vi quotient_i(vi a, vi b) {
  __m256i a0 = _mm512_castsi512_si256((__m512i)a), a1 = _mm512_extracti64x4_epi64((__m512i)a, 1);
  __m256i b0 = _mm512_castsi512_si256((__m512i)b), b1 = _mm512_extracti64x4_epi64((__m512i)b, 1);
  return (vi)joined(_mm512_cvttpd_epi32(_mm512_div_pd(_mm512_cvtepi32_pd(a0), _mm512_cvtepi32_pd(b0))),
                    _mm512_cvttpd_epi32(_mm512_div_pd(_mm512_cvtepi32_pd(a1), _mm512_cvtepi32_pd(b1))));
}
INLINE vu quotient_u(vu a, vu b) {
  __m256i a0 = _mm512_castsi512_si256((__m512i)a), a1 = _mm512_extracti64x4_epi64((__m512i)a, 1);
  __m256i b0 = _mm512_castsi512_si256((__m512i)b), b1 = _mm512_extracti64x4_epi64((__m512i)b, 1);
  return (vu)joined(_mm512_cvttpd_epu32(_mm512_div_pd(_mm512_cvtepu32_pd(a0), _mm512_cvtepu32_pd(b0))),
                    _mm512_cvttpd_epu32(_mm512_div_pd(_mm512_cvtepu32_pd(a1), _mm512_cvtepu32_pd(b1))));
}

INLINE vi gather_32(const int32_t* base, vi index) { return (vi)_mm512_i32gather_epi32((__m512i)index, base, 4); }
INLINE vi clz_i(vi a) { return (vi)_mm512_lzcnt_epi32((__m512i)a); }
INLINE vi popcount_i(vi a) {
  vi r;
  for (int l = 0; l < 16; l++) r[l] = __builtin_popcount((uint32_t)a[l]);
  return r;
}
#define LANES_PERMUTE 1
INLINE vi permute_16(vi table, vi index) { return (vi)_mm512_permutexvar_epi32((__m512i)index, (__m512i)table); }
INLINE vi permute_32(vi low, vi high, vi index) {
  return (vi)_mm512_permutex2var_epi32((__m512i)low, (__m512i)index, (__m512i)high);
}

// Lanes of small integers as they are kept between functions.
typedef __m128i small_int8, small_uint8;
typedef __m256i small_int16, small_uint16;
INLINE vi wide_int8(__m128i a) { return (vi)_mm512_cvtepi8_epi32(a); }
INLINE vi wide_uint8(__m128i a) { return (vi)_mm512_cvtepu8_epi32(a); }
INLINE vi wide_int16(__m256i a) { return (vi)_mm512_cvtepi16_epi32(a); }
INLINE vi wide_uint16(__m256i a) { return (vi)_mm512_cvtepu16_epi32(a); }
INLINE __m128i int8_of(vi a) { return _mm512_cvtepi32_epi8((__m512i)a); }
INLINE __m128i uint8_of(vi a) { return _mm512_cvtepi32_epi8((__m512i)a); }
INLINE __m256i int16_of(vi a) { return _mm512_cvtepi32_epi16((__m512i)a); }
INLINE __m256i uint16_of(vi a) { return _mm512_cvtepi32_epi16((__m512i)a); }
