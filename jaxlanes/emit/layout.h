// Layout conversion between the batch outside, [lane][element] of narrow types (array of structures), and the lanes
// inside, [element][W] words (structure of arrays). One register of LW lanes at a time: elements of the same lanes are
// STRIDE registers apart.
#ifdef LANES_PAIRS
#define LW 16
typedef half::vi vr;
typedef half::vu vru;
#else
#define LW W
typedef vi vr;
typedef vu vru;
#endif
#define STRIDE (W / LW)
#define UNROLLED _Pragma("GCC unroll 16")
// Elements are taken sixteen bytes of every lane at a time: four words of each, transposed, then cut into elements.
#if defined(ISA_AVX512)
INLINE void transpose_words(vr row[4]) {  // row k holds four words of the lanes k, k + 4, k + 8, k + 12
  __m512i a = _mm512_unpacklo_epi32((__m512i)row[0], (__m512i)row[1]);
  __m512i b = _mm512_unpackhi_epi32((__m512i)row[0], (__m512i)row[1]);
  __m512i c = _mm512_unpacklo_epi32((__m512i)row[2], (__m512i)row[3]);
  __m512i d = _mm512_unpackhi_epi32((__m512i)row[2], (__m512i)row[3]);
  row[0] = (vr)_mm512_unpacklo_epi64(a, c), row[1] = (vr)_mm512_unpackhi_epi64(a, c);
  row[2] = (vr)_mm512_unpacklo_epi64(b, d), row[3] = (vr)_mm512_unpackhi_epi64(b, d);
}
INLINE void load_rows(const char* from, int64_t stride, vr word[4]) {
  UNROLLED for (int k = 0; k < 4; k++) {
    const char* p = from + k * stride;
    __m512i r = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i*)p));
    r = _mm512_inserti32x4(r, _mm_loadu_si128((const __m128i*)(p + 4 * stride)), 1);
    r = _mm512_inserti32x4(r, _mm_loadu_si128((const __m128i*)(p + 8 * stride)), 2);
    word[k] = (vr)_mm512_inserti32x4(r, _mm_loadu_si128((const __m128i*)(p + 12 * stride)), 3);
  }
  transpose_words(word);
}
INLINE void rows_of(vr word[4], char row[][16]) {
  // The inverse: a transposition of words gives the four rows of each quarter of the lanes, one after the other.
  transpose_words(word);
  UNROLLED for (int k = 0; k < 4; k++) {
    _mm_store_si128((__m128i*)row[k], _mm512_castsi512_si128((__m512i)word[k]));
    _mm_store_si128((__m128i*)row[4 + k], _mm512_extracti32x4_epi32((__m512i)word[k], 1));
    _mm_store_si128((__m128i*)row[8 + k], _mm512_extracti32x4_epi32((__m512i)word[k], 2));
    _mm_store_si128((__m128i*)row[12 + k], _mm512_extracti32x4_epi32((__m512i)word[k], 3));
  }
}
#else
INLINE void load_rows(const char* from, int64_t stride, vr word[4]) {
  for (int l = 0; l < LW; l++) {
    int32_t row[4];
    memcpy(row, from + l * stride, 16);
    for (int k = 0; k < 4; k++) word[k][l] = row[k];
  }
}
INLINE void rows_of(vr word[4], char row[][16]) {
  for (int l = 0; l < LW; l++)
    for (int k = 0; k < 4; k++) ((int32_t*)row[l])[k] = word[k][l];
}
#endif

// T: the type outside. Elements of the same width that are not integers travel as integers.
template <class T>
struct narrow_of {
  typedef T vector __attribute__((vector_size(sizeof(T) * LW)));
};
template <class T>
INLINE vr cut(vr word, int byte) {
  if (sizeof(T) == 4) return word;
  vr up = word << (32 - 8 * (int)sizeof(T) - 8 * byte);
  int down = 32 - 8 * (int)sizeof(T);
  return (T)-1 < 0 ? up >> down : (vr)((vru)up >> down);
}
template <class T>
static void load_as(vr* to, const T* from, int64_t size, int64_t first, int64_t lanes) {
  const char* base = (const char*)(from + first * size);
  int64_t bytes = size * (int64_t)sizeof(T), per = 16 / sizeof(T);
  if (first + LW > lanes || (first + LW - 1) * bytes + 16 > lanes * bytes) {  // lanes past the end repeat the last one
    int32_t* words = (int32_t*)to;
    for (int64_t l = 0; l < LW; l++) {
      const T* row = from + (first + l < lanes ? first + l : lanes - 1) * size;
      for (int64_t e = 0; e < size; e++) words[e * W + l] = (int32_t)row[e];
    }
  } else if (size == 1) {
    typename narrow_of<T>::vector narrow;
    memcpy(&narrow, base, sizeof narrow);
    *to = __builtin_convertvector(narrow, vr);
  } else {
    for (int64_t e = 0; e < size; e += per) {
      if (e + per > size && size > per) e = size - per;  // the last piece overlaps the one before
      vr word[4];
      load_rows(base + e * sizeof(T), bytes, word);
      if (e + per <= size) {
        UNROLLED for (int k = 0; k < (int)(16 / sizeof(T)); k++) to[(e + k) * STRIDE] = cut<T>(word[k * sizeof(T) / 4], k * sizeof(T) % 4);
      } else {
        for (int64_t k = 0; e + k < size; k++) to[(e + k) * STRIDE] = cut<T>(word[k * sizeof(T) / 4], k * sizeof(T) % 4);
      }
    }
  }
}
template <class T>
static void store_as(const vr* from, T* to, int64_t size, int64_t first, int64_t lanes) {
  char* base = (char*)(to + first * size);
  int64_t bytes = size * (int64_t)sizeof(T), per = 16 / sizeof(T);
  if (first + LW > lanes) {
    const int32_t* words = (const int32_t*)from;
    for (int64_t l = 0; first + l < lanes; l++)
      for (int64_t e = 0; e < size; e++) to[(first + l) * size + e] = (T)words[e * W + l];
  } else if (size == 1) {
    typename narrow_of<T>::vector narrow = __builtin_convertvector(*from, typename narrow_of<T>::vector);
    memcpy(base, &narrow, sizeof narrow);
  } else {
    for (int64_t e = 0; e < size; e += per) {
      if (e + per > size && size > per) e = size - per;
      vr word[4] = {};
      int64_t count = size < per ? size : per;
      const int each = 4 / sizeof(T), mask = sizeof(T) == 4 ? -1 : (1 << (8 * sizeof(T) % 32)) - 1;
      if (count == per) {
        UNROLLED for (int k = 0; k < (int)(16 / sizeof(T)); k++)
          word[k / each] |= (from[(e + k) * STRIDE] & mask) << (int)(8 * sizeof(T) * (k % each) % 32);
      } else {
        for (int64_t k = 0; k < count; k++)
          word[k / each] |= (from[(e + k) * STRIDE] & mask) << (int)(8 * sizeof(T) * (k % each) % 32);
      }
      char row[LW][16] __attribute__((aligned(16)));
      rows_of(word, row);
      char* piece = base + e * sizeof(T);
      if (bytes >= 16) {
        UNROLLED for (int l = 0; l < LW; l++) memcpy(piece + l * bytes, row[l], 16);
      } else {  // in order, for what is written past a row is the next row's
        int l = 0;
        for (; l * bytes + 16 <= LW * bytes; l++) memcpy(piece + l * bytes, row[l], 16);
        for (; l < LW; l++) memcpy(piece + l * bytes, row[l], bytes);
      }
    }
  }
}

typedef struct {
  int dtype;  // bytes of an element; negative: signed; 0: nobody reads it
  int64_t size;
} array_layout;
static void load_lanes(vr* to, const void* from, array_layout b, int64_t first, int64_t lanes) {
  switch (b.dtype) {
    case 0: return;
    case 1: return load_as(to, (const uint8_t*)from, b.size, first, lanes);
    case -1: return load_as(to, (const int8_t*)from, b.size, first, lanes);
    case 2: return load_as(to, (const uint16_t*)from, b.size, first, lanes);
    case -2: return load_as(to, (const int16_t*)from, b.size, first, lanes);
    default: return load_as(to, (const int32_t*)from, b.size, first, lanes);
  }
}
static void store_lanes(const vr* from, void* to, array_layout b, int64_t first, int64_t lanes) {
  switch (b.dtype) {
    case 1: case -1: return store_as(from, (uint8_t*)to, b.size, first, lanes);
    case 2: case -2: return store_as(from, (uint16_t*)to, b.size, first, lanes);
    default: return store_as(from, (int32_t*)to, b.size, first, lanes);
  }
}
