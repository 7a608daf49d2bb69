// Values of core/kernels/math/special.h and complex.h against 40-digit ones from mpmath, and their
// edges. Prints and counts what is wrong.
#include <cstdio>

#include "core/kernels/math/complex.h"
#include "core/kernels/math/special.h"

namespace {

using namespace rl;
using Complex = std::complex<double>;

constexpr double kInfinity = math::kInf<double>;
constexpr double kNaN = math::kNan<double>;
constexpr double kEpsilon = 2.220446049250313e-16;

struct RealCase {
  const char* call;
  double got, expected, epsilons;
};
struct ComplexCase {
  const char* call;
  Complex got, expected;
};

int failures = 0;

void fail(const char* call, double got, double expected) {
  std::printf("%s: got %.17g, expected %.17g\n", call, got, expected);
  ++failures;
}

void exactly(const char* call, double got, double expected) {
  bool same = std::isnan(expected) ? std::isnan(got) : got == expected;
  if (!same) fail(call, got, expected);
}
#define EXACTLY(call, expected) exactly(#call, math::call, expected)

}  // namespace

int main() {
  const RealCase cases[] = {
      {"lgamma(0.5)", math::lgamma(0.5), 0.57236494292470008707, 4},
      {"lgamma(-1.5)", math::lgamma(-1.5), 0.86004701537648101451, 4},
      {"lgamma(100.0)", math::lgamma(100.0), 359.13420536957539878, 4},
      {"digamma(0.5)", math::digamma(0.5), -1.9635100260214234794, 16},
      {"digamma(1.46)", math::digamma(1.46), -0.0015805619870834521062, 16},
      {"digamma(10.25)", math::digamma(10.25), 2.2777047906867239693, 16},
      {"digamma(-0.5)", math::digamma(-0.5), 0.036489973978576520559, 16},
      {"digamma(-7.75)", math::digamma(-7.75), -1.0307688328309315122, 16},
      {"digamma(1e-3)", math::digamma(1e-3), -1000.5755719318102797, 16},
      {"trigamma(0.5)", math::trigamma(0.5), 4.9348022005446793094, 8},
      {"trigamma(3.0)", math::trigamma(3.0), 0.39493406684822643647, 8},
      {"trigamma(-1.25)", math::trigamma(-1.25), 19.181879647671606498, 8},
      {"polygamma(2, 1.5)", math::polygamma(2, 1.5), -0.8287966442343199956, 8},
      {"polygamma(3, 0.25)", math::polygamma(3, 0.25), 1538.782144009188396, 8},
      {"zeta(2.0, 1.0)", math::zeta(2.0, 1.0), 1.6449340668482264365, 8},
      {"zeta(1.5, 0.25)", math::zeta(1.5, 0.25), 10.213055360466600739, 8},
      {"zeta(20.0, 3.5)", math::zeta(20.0, 3.5), 1.3229189094143142578e-11, 8},
      {"zeta(1.0625, 1e9)", math::zeta(1.0625, 1e9), 4.3814714149598990524, 8},
      {"igamma(0.5, 0.25)", math::igamma(0.5, 0.25), 0.52049987781304653768, 64},
      {"igammac(0.5, 0.25)", math::igammac(0.5, 0.25), 0.47950012218695346232, 64},
      {"igamma(3.0, 2.5)", math::igamma(3.0, 2.5), 0.456186884116670482, 64},
      {"igammac(3.0, 2.5)", math::igammac(3.0, 2.5), 0.543813115883329518, 64},
      {"igamma(0.125, 5.0)", math::igamma(0.125, 5.0), 0.99981005597220126818, 64},
      {"igammac(0.125, 5.0)", math::igammac(0.125, 5.0), 0.00018994402779873182004, 64},
      {"igamma(50.0, 40.0)", math::igamma(50.0, 40.0), 0.070335066659394954437, 64},
      {"igammac(50.0, 40.0)", math::igammac(50.0, 40.0), 0.92966493334060504556, 64},
      {"igamma(5000.0, 5100.0)", math::igamma(5000.0, 5100.0), 0.92067111892238102324, 64},
      {"igammac(5000.0, 5100.0)", math::igammac(5000.0, 5100.0), 0.079328881077618976758, 64},
      {"igamma(20000.0, 20300.0)", math::igamma(20000.0, 20300.0), 0.98270644872209655356, 64},
      {"igammac(20000.0, 20300.0)", math::igammac(20000.0, 20300.0), 0.01729355127790344644, 64},
      {"i0(0.5)", math::i0(0.5), 1.0634833707413235193, 8},
      {"i0e(0.5)", math::i0e(0.5), 0.64503527044915006811, 8},
      {"i1(0.5)", math::i1(0.5), 0.25789430539089631636, 8},
      {"i1e(0.5)", math::i1e(0.5), 0.15642080318487169714, 8},
      {"i0(7.5)", math::i0(7.5), 268.16131151518936488, 8},
      {"i0e(7.5)", math::i0e(7.5), 0.14831583007739550284, 8},
      {"i1(7.5)", math::i1(7.5), 249.5843654226881361, 8},
      {"i1e(7.5)", math::i1e(7.5), 0.13804121154855420249, 8},
      {"i0(-20.0)", math::i0(-20.0), 43558282.559553533272, 8},
      {"i0e(-20.0)", math::i0e(-20.0), 0.089780311884826021596, 8},
      {"i1(-20.0)", math::i1(-20.0), -42454973.385127770181, 8},
      {"i1e(-20.0)", math::i1e(-20.0), -0.087506222183288665356, 8},
      {"bessel_j0(1.5)", math::bessel_j0(1.5), 0.51182767173591812875, 8},
      {"bessel_j1(1.5)", math::bessel_j1(1.5), 0.55793650791009964199, 8},
      {"bessel_y0(1.5)", math::bessel_y0(1.5), 0.38244892379775884396, 8},
      {"bessel_y1(1.5)", math::bessel_y1(1.5), -0.41230862697391129595, 8},
      {"erfinv(0.25)", math::erfinv(0.25), 0.22531205501217810473, 8},
      {"erfinv(-0.9375)", math::erfinv(-0.9375), -1.3171503349861307489, 8},
      {"erfinv(1e-10)", math::erfinv(1e-10), 8.8622692545275804594e-11, 8},
      {"erfinv(0.999999)", math::erfinv(0.999999), 3.4589107372754987775, 8},
      {"erfcx(-3.0)", math::erfcx(-3.0), 16205.988853999586625, 8},
      {"erfcx(0.5)", math::erfcx(0.5), 0.61569034419292587487, 8},
      {"erfcx(25.0)", math::erfcx(25.0), 0.022549572432641358944, 8},
      {"ndtri(0.025)", math::ndtri(0.025), -1.9599639845400542118, 8},
      {"ndtri(1e-20)", math::ndtri(1e-20), -9.2623400897984075796, 8},
      {"ndtr(-12.0)", math::ndtr(-12.0), 1.7764821120776789977e-33, 8},
      {"log_ndtr(-12.0)", math::log_ndtr(-12.0), -75.410673001568795939, 8},
      {"ndtr(0.75)", math::ndtr(0.75), 0.77337264762313180067, 8},
      {"log_ndtr(0.75)", math::log_ndtr(0.75), -0.25699426683836523669, 8},
      {"entr(0.25)", math::entr(0.25), 0.34657359027997265471, 4},
      {"xlogy(2.0, 3.0)", math::xlogy(2.0, 3.0), 2.1972245773362193828, 4},
      {"xlog1py(2.0, 1e-9)", math::xlog1py(2.0, 1e-9), 1.9999999990000001252e-9, 4},
      {"sinc(0.75)", math::sinc(0.75), 0.30010543871903535652, 4},
  };
  for (const RealCase& c : cases) {
    if (!(std::abs(c.got - c.expected) <= c.epsilons * kEpsilon * std::abs(c.expected)))
      fail(c.call, c.got, c.expected);
  }

  const Complex z(1.5, -0.75);
  const ComplexCase complex_cases[] = {
      {"exp(z)", math::exp(z), {3.27920200651982454, -3.05489298071536777}},
      {"log(z)", math::log(z), {0.51703688376526926, -0.463647609000806116}},
      {"log2(z)", math::log2(z), {0.745926548164837355, -0.668902106225488098}},
      {"log10(z)", math::log10(z), {0.224546265559709449, -0.201359598136686571}},
      {"log1p(z)", math::log1p(z), {0.959379579994681231, -0.291456794477867092}},
      {"expm1(z)", math::expm1(z), {2.27920200651982454, -3.05489298071536777}},
      {"exp2(z)", math::exp2(z), {2.45475949608343447, -1.40504655310356278}},
      {"sqrt(z)", math::sqrt(z), {1.26036720504875925, -0.297532337002923325}},
      {"rsqrt(z)", math::rsqrt(z), {0.751537799226784485, 0.177414008278110026}},
      {"sin(z)", math::sin(z), {1.29144008570522238, -0.0581683845016711994}},
      {"cos(z)", math::cos(z), {0.0915822726039899796, 0.820256817506620545}},
      {"tan(z)", math::tan(z), {0.103580618687797056, -1.56286898186947354}},
      {"asin(z)", math::asin(z), {1.02428805720341249, -1.16279209816310364}},
      {"acos(z)", math::acos(z), {0.546508269591484132, 1.16279209816310364}},
      {"atan(z)", math::atan(z), {1.05713696075397003, -0.207933335961523003}},
      {"sinh(z)", math::sinh(z), {1.55797007601459271, -1.60349357320137572}},
      {"cosh(z)", math::cosh(z), {1.72123193050523184, -1.45139940751399204}},
      {"tanh(z)", math::tanh(z), {0.988112100570479128, -0.098387819139671398}},
      {"asinh(z)", math::asinh(z), {1.26507504289336852, -0.402910830146569913}},
      {"acosh(z)", math::acosh(z), {1.16279209816310364, -0.546508269591484132}},
      {"atanh(z)", math::atanh(z), {0.531599631191901741, -1.22512786241016563}},
      {"reciprocal(z)", math::reciprocal(z), {0.533333333333333333, 0.266666666666666667}},
      {"sgn(z)", math::sgn(z), {0.894427190999915879, -0.447213595499957939}},
      {"sigmoid(z)", math::sigmoid(z), {0.845202895766864384, -0.110508591657130117}},
      {"pow(z, z)", math::pow(z, z), {0.718575693512784947, -1.35518519810332498}},
      {"pow(z, Complex(3, 0))", math::pow(z, Complex(3, 0)), {0.84375, -4.640625}},
      {"pow(z, Complex(-2, 0))",
       math::pow(z, Complex(-2, 0)),
       {0.213333333333333333, 0.284444444444444444}},
  };
  for (const ComplexCase& c : complex_cases) {
    if (!(std::abs(c.got - c.expected) <= 4 * kEpsilon * std::abs(c.expected)))
      fail(c.call, c.got.real(), c.expected.real());
  }

  EXACTLY(digamma(0.0), -kInfinity);
  EXACTLY(digamma(-0.0), kInfinity);
  EXACTLY(digamma(-2.0), kNaN);
  EXACTLY(digamma(kInfinity), kInfinity);
  EXACTLY(lgamma(0.0), kInfinity);
  EXACTLY(lgamma(-kInfinity), kInfinity);
  EXACTLY(zeta(1.0, 2.0), kInfinity);
  EXACTLY(zeta(0.5, 2.0), kNaN);
  EXACTLY(igamma(2.0, 0.0), 0);
  EXACTLY(igamma(2.0, kInfinity), 1);
  EXACTLY(igamma(0.0, 1.0), 1);
  EXACTLY(igamma(-1.0, 1.0), kNaN);
  EXACTLY(igammac(kInfinity, 1.0), 1);
  EXACTLY(i0(-kInfinity), kNaN);  // as PyTorch has it: infinity times 0
  EXACTLY(i1(-kInfinity), kNaN);
  EXACTLY(erfinv(1.0), kInfinity);
  EXACTLY(erfinv(-1.5), kNaN);
  EXACTLY(ndtri(0.0), -kInfinity);
  EXACTLY(erfcx(-30.0), kInfinity);
  EXACTLY(entr(0.0), 0);
  EXACTLY(entr(-1.0), -kInfinity);
  EXACTLY(xlogy(0.0, 0.0), 0);
  EXACTLY(xlogy(0.0, kNaN), kNaN);
  EXACTLY(xlog1py(0.0, -1.0), 0);
  EXACTLY(sinc(0.0), 1);
  EXACTLY(sinc(3.0), 0);
  EXACTLY(abs(Complex(3e300, 4e300)), 5e300);
  EXACTLY(abs(Complex(kInfinity, kNaN)), kInfinity);
  EXACTLY(angle(Complex(-1, 0)), 3.14159265358979323846);
  EXACTLY(reciprocal(Complex(1e300, 0)).real(), 1e-300);
  EXACTLY(sgn(Complex(0, 0)).real(), 0);
  EXACTLY(pow(Complex(0, 0), Complex(0.5, 0)).real(), 0);
  if (failures == 0) std::puts("math_special: all values agree");
  return failures != 0;
}
