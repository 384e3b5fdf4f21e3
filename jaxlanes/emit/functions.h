// Elementary functions of float lanes. They are computed in double, half of the lanes at a time, and rounded once: within
// 0.6 units in the last place of the true value (erf and erfc: 1), the same on every instruction set, without libm but
// for sine, cosine and tangent of 2**20 and more. Subnormal results may be flushed to zero.
typedef float hf __attribute__((vector_size(2 * W)));
typedef int32_t hi __attribute__((vector_size(2 * W)));
typedef double vd __attribute__((vector_size(4 * W)));
typedef int64_t vl __attribute__((vector_size(4 * W)));

INLINE vd splat_d(double x) { return x - (vd){}; }
INLINE vd bits_d(vl p, vd a, vd b) { return (vd)(((vl)a & p) | ((vl)b & ~p)); }
INLINE vd select_d(vl p, vd a, vd b) { return bits_d(p, a, b); }
INLINE vd abs_d(vd a) { return (vd)((vl)a & 0x7FFFFFFFFFFFFFFFll); }
INLINE vd sign_of_d(vd a, vd sign) { return (vd)((vl)a | ((vl)sign & (vl)splat_d(-0.0))); }
INLINE vd sqrt_d(vd a) {
  vd r;
  for (int l = 0; l < W / 2; l++) r[l] = __builtin_sqrt(a[l]);
  return r;
}
// The nearest integer, of |a| < 2**51.
INLINE vd round_d(vd a) { return (a + 6755399441055744.0) - 6755399441055744.0; }

template <class F>
INLINE vf in_double(vf x, F f) {
  hf half[2];
  memcpy(half, &x, sizeof x);
  for (int i = 0; i < 2; i++) half[i] = __builtin_convertvector(f(__builtin_convertvector(half[i], vd)), hf);
  memcpy(&x, half, sizeof x);
  return x;
}
template <class F>
INLINE vf in_double(vf x, vf y, F f) {
  hf a[2], b[2];
  memcpy(a, &x, sizeof x), memcpy(b, &y, sizeof y);
  for (int i = 0; i < 2; i++)
    a[i] = __builtin_convertvector(f(__builtin_convertvector(a[i], vd), __builtin_convertvector(b[i], vd)), hf);
  memcpy(&x, a, sizeof x);
  return x;
}

// e**x by its Taylor series on [-ln(2)/2, ln(2)/2]; results beyond a float's range are as good as infinite or zero.
INLINE vd exp_d(vd x) {
  vd inside = select_d((vl)(x > 200.0), splat_d(200.0), select_d((vl)(x < -200.0), splat_d(-200.0), x));
  vd k = round_d(inside * 1.4426950408889634);
  vd r = inside - k * 0.69314718055994531;
  vd p = splat_d(1.0 / 39916800);
  static const double over[11] = {1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                                  1.0 / 24,      1.0 / 6,      0.5,         1.0,        1.0};
  for (int i = 0; i < 11; i++) p = over[i] + p * r;
  // k + 1023 in the low bits of a double of known exponent, moved to where an exponent is
  return p * (vd)((vl)(k + (6755399441055744.0 + 1023.0)) << 52);
}
// ln(x) by the series of the inverse hyperbolic tangent; x is normal, or 0, infinite, negative or NaN.
INLINE vd log_d(vd x) {
  vl shifted = (vl)x - (vl)splat_d(0.70710678118654757) + (vl)splat_d(1.0);  // exponent so that sqrt(1/2) <= m < sqrt(2)
  vl exponent = (shifted >> 52) & 2047;
  vd m = (vd)((vl)x - ((exponent - 1023) << 52));
  vd e = (vd)(exponent | (vl)splat_d(4503599627370496.0)) - (4503599627370496.0 + 1023.0);
  vd s = (m - 1.0) / (m + 1.0), z = s * s;
  vd p = splat_d(1.0 / 19);
  static const double over[9] = {1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0};
  for (int i = 0; i < 9; i++) p = over[i] + p * z;
  vd r = 2.0 * s * p + e * 0.69314718055994531;
  r = select_d((vl)(x == splat_d(0.0)), splat_d(-__builtin_inf()), r);
  r = select_d((vl)(x == splat_d(__builtin_inf())), x, r);
  return select_d((vl)(x < 0.0) | (vl)(x != x), splat_d(__builtin_nan("")), r);
}
// The quadrant is subtracted in three parts, exactly for |x| < 2**20 (Cody and Waite); Taylor series on [-pi/4, pi/4].
INLINE void sine_cosine_d(vd x, vd& sine, vd& cosine) {
  vd k = round_d(x * 0.63661977236758138);
  vl q = (vl)(k + 6755399441055744.0);
  vd r = ((x - k * 1.5707963267341256) - k * 6.0771005063039660e-11) - k * 2.0222662487959506e-21;
  vd z = r * r;
  vd s = splat_d(-1.0 / 1307674368000.0), c = splat_d(-1.0 / 87178291200.0);
  static const double odd[7] = {1.0 / 6227020800.0, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6, 1.0};
  static const double even[7] = {1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -0.5, 1.0};
  for (int i = 0; i < 7; i++) s = odd[i] + s * z, c = even[i] + c * z;
  s *= r;
  vl swap = -(q & 1);
  sine = (vd)((vl)select_d(swap, c, s) ^ ((q & 2) << 62));
  cosine = (vd)((vl)select_d(swap, s, c) ^ (((q + 1) & 2) << 62));
}
#define LANES_TRIGONOMETRIC(name, expression)                                              \
  OUTLINE vf name##_far(vf x, vf r) {                                                      \
    for (int l = 0; l < W; l++)                                                            \
      if (!(__builtin_fabsf(x[l]) < 1048576.0f)) r[l] = (float)__builtin_##name((double)x[l]); \
    return r;                                                                              \
  }                                                                                        \
  OUTLINE vf name##_f(vf x) {                                                              \
    vf r = in_double(x, [](vd a) {                                                         \
      vd s, c;                                                                             \
      sine_cosine_d(a, s, c);                                                              \
      return expression;                                                                   \
    });                                                                                    \
    vb far = not_b(lt_f(abs_f(x), splat_f(1048576.0f)));                                   \
    return any(far) ? name##_far(x, r) : r;                                                \
  }
LANES_TRIGONOMETRIC(sin, s)
LANES_TRIGONOMETRIC(cos, c)
LANES_TRIGONOMETRIC(tan, s / c)

// Where x itself (or so) is the answer: the rest is below half a unit, and a difference of near ones would be lost.
INLINE vd near_zero(vd x, vd limited, vd r) { return select_d((vl)(abs_d(x) < 1e-4), limited, r); }

INLINE vf rsqrt_f(vf a) { return 1.0f / sqrt_f(a); }
OUTLINE vf exp_f(vf x) { return in_double(x, [](vd a) { return exp_d(a); }); }
OUTLINE vf exp2_f(vf x) { return in_double(x, [](vd a) { return exp_d(a * 0.69314718055994531); }); }
OUTLINE vf log_f(vf x) { return in_double(x, [](vd a) { return log_d(a); }); }
INLINE vd log1p_d(vd a) { return near_zero(a, a - a * a * (0.5 - a * (1.0 / 3)), log_d(1.0 + a)); }
OUTLINE vf log1p_f(vf x) { return in_double(x, [](vd a) { return log1p_d(a); }); }
OUTLINE vf expm1_f(vf x) {
  return in_double(x, [](vd a) { return near_zero(a, a + a * a * (0.5 + a * (1.0 / 6)), exp_d(a) - 1.0); });
}
OUTLINE vf logistic_f(vf x) { return in_double(x, [](vd a) { return 1.0 / (1.0 + exp_d(-a)); }); }
OUTLINE vf sinh_f(vf x) {
  return in_double(x, [](vd a) { return near_zero(a, a, (exp_d(a) - exp_d(-a)) * 0.5); });
}
OUTLINE vf cosh_f(vf x) { return in_double(x, [](vd a) { return (exp_d(a) + exp_d(-a)) * 0.5; }); }
OUTLINE vf tanh_f(vf x) {
  return in_double(x, [](vd a) { return near_zero(a, a, 1.0 - 2.0 / (exp_d(2.0 * a) + 1.0)); });
}
OUTLINE vf asinh_f(vf x) {
  return in_double(x, [](vd a) {
    vd b = abs_d(a);
    return near_zero(a, a, sign_of_d(log_d(b + sqrt_d(b * b + 1.0)), a));
  });
}
OUTLINE vf acosh_f(vf x) {
  return in_double(x, [](vd a) {
    vd r = log_d(a + sqrt_d((a - 1.0) * (a + 1.0)));
    return select_d((vl)(a < 1.0), splat_d(__builtin_nan("")), r);
  });
}
OUTLINE vf atanh_f(vf x) {
  return in_double(x, [](vd a) { return near_zero(a, a, 0.5 * log_d((1.0 + a) / (1.0 - a))); });
}
OUTLINE vf cbrt_f(vf x) {
  return in_double(x, [](vd a) {
    vd r = exp_d(log_d(abs_d(a)) * (1.0 / 3));
    vl plain = (vl)(a == splat_d(0.0)) | (vl)(abs_d(a) == splat_d(__builtin_inf()));
    return select_d(plain, a, sign_of_d(r, a));
  });
}

// atan(t), 0 <= t <= 1: turned by pi/4 above tan(pi/8); then its Taylor series.
INLINE vd atan_unit_d(vd t) {
  vl big = (vl)(t > 0.41421356237309503);
  vd s = select_d(big, (t - 1.0) / (t + 1.0), t), z = s * s, p = splat_d(1.0 / 25);
  for (int n = 23; n >= 1; n -= 2) p = (n & 2 ? -1.0 : 1.0) / n + p * z;
  return p * s + select_d(big, splat_d(0.78539816339744828), splat_d(0.0));
}
INLINE vd atan2_d(vd y, vd x) {
  vd a = abs_d(y), b = abs_d(x);
  vl steep = (vl)(a > b);
  vd low = select_d(steep, b, a), high = select_d(steep, a, b);
  vd t = select_d((vl)(low == high), splat_d(1.0), low / high);  // also of two infinities
  t = select_d((vl)(high == splat_d(0.0)), splat_d(0.0), t);
  vd r = atan_unit_d(t);
  r = select_d(steep, 1.5707963267948966 - r, r);
  r = select_d((vl)x >> 63, 3.1415926535897931 - r, r);
  return select_d((vl)(x != x) | (vl)(y != y), splat_d(__builtin_nan("")), sign_of_d(r, y));
}
OUTLINE vf atan2_f(vf y, vf x) { return in_double(y, x, [](vd a, vd b) { return atan2_d(a, b); }); }
OUTLINE vf atan_f(vf x) { return in_double(x, [](vd a) { return atan2_d(a, splat_d(1.0)); }); }
OUTLINE vf asin_f(vf x) { return in_double(x, [](vd a) { return atan2_d(a, sqrt_d((1.0 - a) * (1.0 + a))); }); }
OUTLINE vf acos_f(vf x) { return in_double(x, [](vd a) { return atan2_d(sqrt_d((1.0 - a) * (1.0 + a)), a); }); }

// As C's pow: a negative base takes integer exponents only; anything to the power 0, and 1 to any power, is 1.
OUTLINE vf pow_f(vf x, vf y) {
  return in_double(x, y, [](vd a, vd b) {
    vd size = abs_d(a), r = exp_d(b * log_d(size));
    vd half = b * 0.5, far = splat_d(4503599627370496.0);
    vl whole = (vl)(abs_d(b) >= far) | (vl)(round_d(b) == b);
    vl odd = whole & (vl)(abs_d(b) < far) & (vl)(round_d(half) != half);
    r = select_d((vl)(size == splat_d(0.0)), select_d((vl)(b < 0.0), splat_d(__builtin_inf()), splat_d(0.0)), r);
    vl negative = (vl)a >> 63;
    r = select_d(negative & odd, -r, r);
    vl finite = (vl)(size < __builtin_inf()) & (vl)(size > 0.0);
    r = select_d(negative & finite & ~whole, splat_d(__builtin_nan("")), r);
    vl endless = (vl)(abs_d(b) == splat_d(__builtin_inf()));
    r = select_d((vl)(a != a) | (vl)(b != b), splat_d(__builtin_nan("")), r);
    vl one = (vl)(a == splat_d(1.0)) | (vl)(b == splat_d(0.0)) | ((vl)(size == splat_d(1.0)) & endless);
    return select_d(one, splat_d(1.0), r);
  });
}

// erf by its Maclaurin series below 1/2; erfc as exp(-x**2) times a polynomial in (x - 2) / (x + 2), fitted for this.
INLINE vd erf_small_d(vd x) {
  vd z = x * x, p = splat_d(0.0);
  double factorial[13] = {1};
  for (int n = 1; n < 13; n++) factorial[n] = factorial[n - 1] * n;
  for (int n = 12; n >= 0; n--) p = (n & 1 ? -1.0 : 1.0) / (factorial[n] * (2 * n + 1)) + p * z;
  return 1.1283791670955126 * x * p;
}
INLINE vd erfc_large_d(vd x) {
  static const double fitted[15] = {
      1.0215827052412387, -0.6871606844563387, 0.2794720927270743, -0.03644222855033793,
      -0.021510668896440658, 0.006479127119610328, 0.0030907302105454147, -0.0008368185176787274,
      -0.0006640664352360187, 3.255242239028999e-05, 0.00014884507114090647, 3.689762336792792e-05,
      -3.1469653559858874e-05, -1.567779457511857e-05, 8.24743845970542e-06};
  vd t = (x - 2.0) / (x + 2.0), p = splat_d(fitted[14]);
  for (int i = 13; i >= 0; i--) p = fitted[i] + p * t;
  vd r = exp_d(-x * x) * p / (x + 2.0);
  return select_d((vl)(x > 30.0), splat_d(0.0), r);
}
OUTLINE vf erf_f(vf x) {
  return in_double(x, [](vd a) {
    vd b = abs_d(a);
    return select_d((vl)(b < 0.5), erf_small_d(a), sign_of_d(1.0 - erfc_large_d(b), a));
  });
}
OUTLINE vf erfc_f(vf x) {
  return in_double(x, [](vd a) {
    vd b = abs_d(a), tail = erfc_large_d(b);
    return select_d((vl)(b < 0.5), 1.0 - erf_small_d(a), select_d((vl)a >> 63, 2.0 - tail, tail));
  });
}
// M. Giles, "Approximating the erfinv function", 2010, the polynomials for single precision: as XLA has it.
OUTLINE vf erf_inv_f(vf x) {
  vf w = -log1p_f(-x * x);
  vb near = lt_f(w, splat_f(5.0f));
  vf t = select_f(near, w - 2.5f, sqrt_f(w) - 3.0f);
  static const float nearer[9] = {2.81022636e-08f, 3.43273939e-07f, -3.5233877e-06f, -4.39150654e-06f, 0.00021858087f,
                                  -0.00125372503f, -0.00417768164f, 0.246640727f, 1.50140941f};
  static const float farther[9] = {-0.000200214257f, 0.000100950558f, 0.00134934322f, -0.00367342844f, 0.00573950773f,
                                   -0.0076224613f, 0.00943887047f, 1.00167406f, 2.83297682f};
  vf p = select_f(near, splat_f(nearer[0]), splat_f(farther[0]));
  for (int i = 1; i < 9; i++) p = select_f(near, splat_f(nearer[i]), splat_f(farther[i])) + p * t;
  return select_f(eq_f(abs_f(x), splat_f(1.0f)), x * __builtin_inff(), p * x);
}

// C's fmod, which is exact.
OUTLINE vf fmod_f(vf x, vf y) {
  vf r;
  for (int l = 0; l < W; l++) r[l] = __builtin_fmodf(x[l], y[l]);
  return r;
}
INLINE vf nextafter_f(vf x, vf y) {
  vi a = (vi)x, b = (vi)y, one = splat_i(1);
  vb zero = eq_i(a & 0x7FFFFFFF, splat_i(0));
  vi from_zero = (b & (vi)splat_f(-0.0f)) | 1;
  vb away = or_b(and_b(gt_i(a, splat_i(-1)), gt_f(y, x)), and_b(lt_i(a, splat_i(0)), lt_f(y, x)));
  vi moved = select_i(zero, from_zero, select_i(away, a + one, a - one));
  vb same = and_b(zero, eq_i(b & 0x7FFFFFFF, splat_i(0)));
  moved = select_i(or_b(eq_f(x, y), same), b, moved);
  return (vf)select_i(or_b(ne_f(x, x), ne_f(y, y)), splat_i(0x7FC00000), moved);
}
