// Elementary functions of a float. As in `functions.h` they are computed in double and rounded once, by the same steps:
// the same bits as the lanes on a CPU have (but for sine, cosine and tangent of 2**20 and more, which are not libm's).
// With LANES_FAST they are those of CUDA in single precision.
INLINE unsigned long long bits_of(double x) { return (unsigned long long)__double_as_longlong(x); }
INLINE double double_of(unsigned long long bits) { return __longlong_as_double((long long)bits); }
#define SIGN_BIT 0x8000000000000000ull
#define ENDLESS double_of(0x7FF0000000000000ull)
#define NO_NUMBER double_of(0x7FF8000000000000ull)
#define MANY 6755399441055744.0  // 1.5 * 2**52: a sum with it has a whole number in its low bits
INLINE double abs_d(double a) { return double_of(bits_of(a) & ~SIGN_BIT); }
INLINE double sign_of_d(double a, double sign) { return double_of(bits_of(a) | (bits_of(sign) & SIGN_BIT)); }
INLINE bool negative_d(double a) { return (bits_of(a) >> 63) != 0; }
// The nearest integer, of |a| < 2**51.
INLINE double round_d(double a) { return (a + MANY) - MANY; }
template <int N>
INLINE double polynomial(double p, const double (&over)[N], double x) {
#pragma unroll
  for (int i = 0; i < N; i++) p = over[i] + p * x;
  return p;
}

// e**x by its Taylor series on [-ln(2)/2, ln(2)/2]; results beyond a float's range are as good as infinite or zero.
INLINE double exp_d(double x) {
  double inside = x > 200.0 ? 200.0 : x < -200.0 ? -200.0 : x;
  double k = round_d(inside * 1.4426950408889634);
  double r = inside - k * 0.69314718055994531;
  const double over[11] = {1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                           1.0 / 24,      1.0 / 6,      0.5,         1.0,        1.0};
  // k + 1023 in the low bits of a double of known exponent, moved to where an exponent is
  return polynomial(1.0 / 39916800, over, r) * double_of(bits_of(k + (MANY + 1023.0)) << 52);
}
// ln(x) by the series of the inverse hyperbolic tangent; x is normal, or 0, infinite, negative or NaN.
INLINE double log_d(double x) {
  unsigned long long shifted = bits_of(x) - bits_of(0.70710678118654757) + bits_of(1.0);  // sqrt(1/2) <= m < sqrt(2)
  unsigned long long exponent = (shifted >> 52) & 2047;
  double m = double_of(bits_of(x) - ((exponent - 1023) << 52));
  double e = double_of(exponent | bits_of(4503599627370496.0)) - (4503599627370496.0 + 1023.0);
  double s = (m - 1.0) / (m + 1.0), z = s * s;
  const double over[9] = {1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0};
  double r = 2.0 * s * polynomial(1.0 / 19, over, z) + e * 0.69314718055994531;
  if (x < 0.0 || x != x) return NO_NUMBER;
  return x == 0.0 ? -ENDLESS : x == ENDLESS ? x : r;
}

// x - k * pi / 2 on [-pi/4, pi/4], and k modulo 4. The quadrant is subtracted in three parts, exactly for |x| < 2**20
// (Cody and Waite); beyond, the bits of 2 / pi that matter are multiplied exactly (Payne and Hanek).
OUTLINE double reduced_far(float x, unsigned& quadrant) {
  const unsigned digits[8] = {0u,          0xA2F9836Eu, 0x4E441529u, 0xFC2757D1u,
                              0xF534DDC0u, 0xDB629599u, 0x3C439041u, 0xFE5163ABu};  // of 2 / pi, after 32 zeros
  unsigned bits = __float_as_uint(x);
  unsigned long long mantissa = (bits & 0x7FFFFFu) | 0x800000u;
  int begin = (int)((bits >> 23) & 255) - 150 + 30;  // the bit that weighs 2 when multiplied by the mantissa's last
  int word = begin >> 5, shift = begin & 31;
  unsigned window[3];
  for (int i = 0; i < 3; i++) {
    unsigned long long two = ((unsigned long long)digits[word + i] << 32) | digits[word + i + 1];
    window[i] = (unsigned)((two << shift) >> 32);
  }
  unsigned long long low = mantissa * window[2], middle = mantissa * window[1] + (low >> 32);
  unsigned long long high = ((mantissa * window[0] + (middle >> 32)) << 32) | (middle & 0xFFFFFFFFu);
  quadrant = (unsigned)((high + 0x2000000000000000ull) >> 62);
  long long rest = (long long)((high << 2) | ((low & 0xFFFFFFFFu) >> 30));
  double r = (double)rest * (1.5707963267948966 / 18446744073709551616.0);
  if (bits >> 31) quadrant = 0u - quadrant, r = -r;
  return r;
}
INLINE void sine_cosine_d(float from, double& sine, double& cosine) {
  double r;
  unsigned q;
  if (!is_finite_f(from)) {
    sine = cosine = NO_NUMBER;
    return;
  }
  if (abs_f(from) < 1048576.0f) {
    double x = (double)from, k = round_d(x * 0.63661977236758138);
    q = (unsigned)bits_of(k + MANY);
    r = ((x - k * 1.5707963267341256) - k * 6.0771005063039660e-11) - k * 2.0222662487959506e-21;
  } else {
    r = reduced_far(from, q);
  }
  double z = r * r;
  const double odd[7] = {1.0 / 6227020800.0, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6, 1.0};
  const double even[7] = {1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -0.5, 1.0};
  double s = polynomial(-1.0 / 1307674368000.0, odd, z) * r, c = polynomial(-1.0 / 87178291200.0, even, z);
  sine = double_of(bits_of(q & 1 ? c : s) ^ ((unsigned long long)(q & 2) << 62));
  cosine = double_of(bits_of(q & 1 ? s : c) ^ ((unsigned long long)((q + 1) & 2) << 62));
}
INLINE double sin_d(float x) {
  double s, c;
  sine_cosine_d(x, s, c);
  return s;
}
INLINE double cos_d(float x) {
  double s, c;
  sine_cosine_d(x, s, c);
  return c;
}
INLINE double tan_d(float x) {
  double s, c;
  sine_cosine_d(x, s, c);
  return s / c;
}

// Where x itself (or so) is the answer: the rest is below half a unit, and a difference of near ones would be lost.
INLINE double near_zero(double x, double limited, double r) { return abs_d(x) < 1e-4 ? limited : r; }
INLINE double log1p_d(double a) { return near_zero(a, a - a * a * (0.5 - a * (1.0 / 3)), log_d(1.0 + a)); }
INLINE double expm1_d(double a) { return near_zero(a, a + a * a * (0.5 + a * (1.0 / 6)), exp_d(a) - 1.0); }
INLINE double tanh_d(double a) { return near_zero(a, a, 1.0 - 2.0 / (exp_d(2.0 * a) + 1.0)); }
INLINE double sinh_d(double a) { return near_zero(a, a, (exp_d(a) - exp_d(-a)) * 0.5); }
INLINE double asinh_d(double a) {
  double b = abs_d(a);
  return near_zero(a, a, sign_of_d(log_d(b + sqrt(b * b + 1.0)), a));
}
INLINE double acosh_d(double a) { return a < 1.0 ? NO_NUMBER : log_d(a + sqrt((a - 1.0) * (a + 1.0))); }
INLINE double atanh_d(double a) { return near_zero(a, a, 0.5 * log_d((1.0 + a) / (1.0 - a))); }
INLINE double cbrt_d(double a) {
  if (a == 0.0 || abs_d(a) == ENDLESS) return a;
  return sign_of_d(exp_d(log_d(abs_d(a)) * (1.0 / 3)), a);
}

// atan(t), 0 <= t <= 1: turned by pi/4 above tan(pi/8); then its Taylor series.
INLINE double atan_unit_d(double t) {
  bool big = t > 0.41421356237309503;
  double s = big ? (t - 1.0) / (t + 1.0) : t, z = s * s;
  const double over[12] = {-1.0 / 23, 1.0 / 21, -1.0 / 19, 1.0 / 17, -1.0 / 15, 1.0 / 13,
                           -1.0 / 11, 1.0 / 9,  -1.0 / 7,  1.0 / 5,  -1.0 / 3,  1.0};
  return polynomial(1.0 / 25, over, z) * s + (big ? 0.78539816339744828 : 0.0);
}
INLINE double atan2_d(double y, double x) {
  double a = abs_d(y), b = abs_d(x);
  bool steep = a > b;
  double low = steep ? b : a, high = steep ? a : b;
  double t = high == 0.0 ? 0.0 : low == high ? 1.0 : low / high;  // 1 also of two infinities
  double r = atan_unit_d(t);
  r = steep ? 1.5707963267948966 - r : r;
  r = negative_d(x) ? 3.1415926535897931 - r : r;
  return x != x || y != y ? NO_NUMBER : sign_of_d(r, y);
}

// As C's pow: a negative base takes integer exponents only; anything to the power 0, and 1 to any power, is 1.
INLINE double pow_d(double a, double b) {
  double size = abs_d(a), half = b * 0.5, far = 4503599627370496.0;
  bool endless = abs_d(b) == ENDLESS;
  if (a == 1.0 || b == 0.0 || (size == 1.0 && endless)) return 1.0;
  if (a != a || b != b) return NO_NUMBER;
  bool whole = abs_d(b) >= far || round_d(b) == b;
  bool odd = whole && abs_d(b) < far && round_d(half) != half;
  if (negative_d(a) && size < ENDLESS && size > 0.0 && !whole) return NO_NUMBER;
  double r = size == 0.0 ? (b < 0.0 ? ENDLESS : 0.0) : exp_d(b * log_d(size));
  return negative_d(a) && odd ? -r : r;
}

// erf by its Maclaurin series below 1/2; erfc as exp(-x**2) times a polynomial in (x - 2) / (x + 2), fitted for this.
INLINE double erf_small_d(double x) {
  const double over[13] = {1.0 / (479001600.0 * 25), -1.0 / (39916800.0 * 23), 1.0 / (3628800.0 * 21),
                           -1.0 / (362880.0 * 19),   1.0 / (40320.0 * 17),     -1.0 / (5040.0 * 15),
                           1.0 / (720.0 * 13),       -1.0 / (120.0 * 11),      1.0 / (24.0 * 9),
                           -1.0 / (6.0 * 7),         1.0 / (2.0 * 5),          -1.0 / 3,
                           1.0};
  return 1.1283791670955126 * x * polynomial(0.0, over, x * x);
}
INLINE double erfc_large_d(double x) {
  const double over[14] = {-1.567779457511857e-05, -3.1469653559858874e-05, 3.689762336792792e-05,
                           0.00014884507114090647, 3.255242239028999e-05,   -0.0006640664352360187,
                           -0.0008368185176787274, 0.0030907302105454147,   0.006479127119610328,
                           -0.021510668896440658,  -0.03644222855033793,    0.2794720927270743,
                           -0.6871606844563387,    1.0215827052412387};
  double p = polynomial(8.24743845970542e-06, over, (x - 2.0) / (x + 2.0));
  return x > 30.0 ? 0.0 : exp_d(-x * x) * p / (x + 2.0);
}
INLINE double erf_d(double a) {
  return abs_d(a) < 0.5 ? erf_small_d(a) : sign_of_d(1.0 - erfc_large_d(abs_d(a)), a);
}
INLINE double erfc_d(double a) {
  if (abs_d(a) < 0.5) return 1.0 - erf_small_d(a);
  double tail = erfc_large_d(abs_d(a));
  return negative_d(a) ? 2.0 - tail : tail;
}

#ifdef LANES_FAST
#define LANES_FUNCTION(name, exact, fast) \
  INLINE float name##_f(float x) { return fast; }
#define LANES_FUNCTION_2(name, exact, fast) \
  INLINE float name##_f(float x, float y) { return fast; }
#else
#define LANES_FUNCTION(name, exact, fast) \
  OUTLINE float name##_f(float x) { return (float)(exact); }
#define LANES_FUNCTION_2(name, exact, fast) \
  OUTLINE float name##_f(float x, float y) { return (float)(exact); }
#endif
LANES_FUNCTION(sin, sin_d(x), sinf(x))
LANES_FUNCTION(cos, cos_d(x), cosf(x))
LANES_FUNCTION(tan, tan_d(x), tanf(x))
LANES_FUNCTION(exp, exp_d(x), expf(x))
LANES_FUNCTION(exp2, exp_d((double)x * 0.69314718055994531), exp2f(x))
LANES_FUNCTION(log, log_d(x), logf(x))
LANES_FUNCTION(log1p, log1p_d(x), log1pf(x))
LANES_FUNCTION(expm1, expm1_d(x), expm1f(x))
LANES_FUNCTION(tanh, tanh_d(x), tanhf(x))
LANES_FUNCTION(logistic, 1.0 / (1.0 + exp_d(-(double)x)), 1.0f / (1.0f + expf(-x)))
LANES_FUNCTION(sinh, sinh_d(x), sinhf(x))
LANES_FUNCTION(cosh, (exp_d(x) + exp_d(-(double)x)) * 0.5, coshf(x))
LANES_FUNCTION(asinh, asinh_d(x), asinhf(x))
LANES_FUNCTION(acosh, acosh_d(x), acoshf(x))
LANES_FUNCTION(atanh, atanh_d(x), atanhf(x))
LANES_FUNCTION(cbrt, cbrt_d(x), cbrtf(x))
LANES_FUNCTION(atan, atan2_d(x, 1.0), atanf(x))
LANES_FUNCTION(asin, atan2_d(x, sqrt((1.0 - x) * (1.0 + x))), asinf(x))
LANES_FUNCTION(acos, atan2_d(sqrt((1.0 - x) * (1.0 + x)), x), acosf(x))
LANES_FUNCTION(erf, erf_d(x), erff(x))
LANES_FUNCTION(erfc, erfc_d(x), erfcf(x))
LANES_FUNCTION_2(atan2, atan2_d(x, y), atan2f(x, y))
LANES_FUNCTION_2(pow, pow_d(x, y), powf(x, y))
INLINE float rsqrt_f(float a) { return 1.0f / sqrtf(a); }

// M. Giles, "Approximating the erfinv function", 2010, the polynomials for single precision: as XLA has it.
OUTLINE float erf_inv_f(float x) {
  float w = -log1p_f(-x * x);
  bool near = w < 5.0f;
  float t = near ? w - 2.5f : sqrtf(w) - 3.0f;
  const float nearer[9] = {2.81022636e-08f, 3.43273939e-07f, -3.5233877e-06f, -4.39150654e-06f, 0.00021858087f,
                           -0.00125372503f, -0.00417768164f, 0.246640727f, 1.50140941f};
  const float farther[9] = {-0.000200214257f, 0.000100950558f, 0.00134934322f, -0.00367342844f, 0.00573950773f,
                            -0.0076224613f, 0.00943887047f, 1.00167406f, 2.83297682f};
  float p = near ? nearer[0] : farther[0];
#pragma unroll
  for (int i = 1; i < 9; i++) p = (near ? nearer[i] : farther[i]) + p * t;
  return abs_f(x) == 1.0f ? x * __int_as_float(0x7F800000) : p * x;
}

// C's fmod, which is exact: the remainder of two mantissas, forty bits of the difference of exponents at a time.
OUTLINE float fmod_f(float x, float y) {
  unsigned a = __float_as_uint(x) & 0x7FFFFFFFu, b = __float_as_uint(y) & 0x7FFFFFFFu;
  if (a >= 0x7F800000u || b > 0x7F800000u || b == 0u) return __int_as_float(0x7FC00000);
  if (a < b) return x;
  int high = (int)(a >> 23), low = (int)(b >> 23);
  unsigned long long rest = high ? (a & 0x7FFFFFu) | 0x800000u : a;
  unsigned long long by = low ? (b & 0x7FFFFFu) | 0x800000u : b;
  for (int left = max_i(high, 1) - max_i(low, 1); left > 0; left -= 40) rest = (rest << min_i(left, 40)) % by;
  rest %= by;
  // The remainder is `rest` units in the last place of y: normalised, or subnormal as it is.
  unsigned r = (unsigned)rest;
  int exponent = max_i(low, 1), up = r == 0u ? 0 : min_i(__clz((int)r) - 8, exponent - 1);
  r <<= up, exponent -= up;
  if (r >= 0x800000u) r = (r & 0x7FFFFFu) | ((unsigned)exponent << 23);
  return copysign_f(__uint_as_float(r), x);
}
INLINE float nextafter_f(float x, float y) {
  int a = __float_as_int(x), b = __float_as_int(y);
  if (x != x || y != y) return __int_as_float(0x7FC00000);
  bool zero = (a & 0x7FFFFFFF) == 0;
  if (x == y || (zero && (b & 0x7FFFFFFF) == 0)) return y;
  if (zero) return __int_as_float((b & (-0x7FFFFFFF - 1)) | 1);
  return __int_as_float((a >= 0 && y > x) || (a < 0 && y < x) ? a + 1 : a - 1);
}
