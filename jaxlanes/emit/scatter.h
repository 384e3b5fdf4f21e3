// Each lane writes an element of its own memory.
INLINE void scatter_lanes(vi* base, vi index, vi value) {
  const int32_t *at = (const int32_t*)&index, *from = (const int32_t*)&value;
  for (int l = 0; l < W; l++) ((int32_t*)base)[at[l] * W + l] = from[l];
}
