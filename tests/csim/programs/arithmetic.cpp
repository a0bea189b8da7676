// arithmetic.cpp
// Every operator of ap_int and ap_uint against exact integers, and a digest of all results to compare two sets of headers by.
// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <gmpxx.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace {

int failures = 0;
std::uint64_t state = 20261122;
/// Of the operators that give values, of divisions and reductions, and of comparisons: the vendor's open headers differ from the numbers
/// in some of the latter two.
std::uint64_t digests[3];
enum group { values, divisions, relations };

std::uint64_t random_word() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1dull;
}

mpz_class power(int bits) { return mpz_class(1) << bits; }

/// The number that `width` bits of `x` mean.
mpz_class wrap(const mpz_class& x, int width, bool is_signed) {
    mpz_class low;
    mpz_fdiv_r_2exp(low.get_mpz_t(), x.get_mpz_t(), static_cast<mp_bitcnt_t>(width));
    if (is_signed && low >= power(width - 1)) low -= power(width);
    return low;
}

struct kind {
    int width;
    bool is_signed;
};
template <int W>
kind kind_of(const ap_int<W>&) {
    return {W, true};
}
template <int W>
kind kind_of(const ap_uint<W>&) {
    return {W, false};
}

template <class T>
mpz_class number(const T& x) {
    const kind k = kind_of(x);
    mpz_class bits = 0;
    for (int i = k.width - 1; i >= 0; --i) bits = 2 * bits + (x[i] ? 1 : 0);
    return wrap(bits, k.width, k.is_signed);
}
template <class T>
T from_number(const mpz_class& x) {
    T value = 0;
    for (int i = 0; i < T::width; ++i) value[i] = mpz_tstbit(x.get_mpz_t(), static_cast<mp_bitcnt_t>(i)) != 0;
    return value;
}

template <class T>
T sample(int round) {
    const kind k = kind_of(T(0));
    const mpz_class high = k.is_signed ? power(k.width - 1) - 1 : power(k.width) - 1;
    const mpz_class low = k.is_signed ? mpz_class(-power(k.width - 1)) : mpz_class(0);
    switch (round) {
        case 0:
            return from_number<T>(0);
        case 1:
            return from_number<T>(1);
        case 2:
            return from_number<T>(low);
        case 3:
            return from_number<T>(high);
        case 4:
            return from_number<T>(k.is_signed ? mpz_class(-1) : high / 2);
        default:
            break;
    }
    mpz_class bits = 0;
    for (int i = 0; i <= k.width / 64; ++i) bits = (bits << 64) + mpz_class(std::to_string(random_word()));
    // Small numbers as often as large ones.
    bits >>= static_cast<unsigned long>(random_word() % (64 * (static_cast<unsigned>(k.width) / 64 + 1)));
    if (random_word() % 2) bits = -bits;
    return from_number<T>(bits);
}

void note(group g, const std::string& text) {
    for (char c : text) digests[g] = (digests[g] ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
}

/// `got` has the kind that is expected and the number, wrapped to it.
template <class T>
void expect(const char* what, const T& got, kind want, const mpz_class& value, const mpz_class& a, const mpz_class& b) {
    const kind k = kind_of(got);
    const mpz_class number_got = number(got), number_want = wrap(value, want.width, want.is_signed);
    note(what[0] == '/' || what[0] == '%' ? divisions : values,
         std::to_string(k.width) + (k.is_signed ? "s" : "u") + number_got.get_str() + "\n");
    if (k.width == want.width && k.is_signed == want.is_signed && number_got == number_want) return;
    if (++failures <= 40) {
        std::printf("%s: %s, %s gives %s (%d%s) instead of %s (%d%s)\n", what, a.get_str().c_str(), b.get_str().c_str(),
                    number_got.get_str().c_str(), k.width, k.is_signed ? "s" : "u", number_want.get_str().c_str(), want.width,
                    want.is_signed ? "s" : "u");
    }
}
void expect_bool(const char* what, bool got, bool want, const mpz_class& a, const mpz_class& b) {
    note(std::string(what).find("_reduce") == std::string::npos ? relations : divisions, got ? "1" : "0");
    if (got != want && ++failures <= 40) std::printf("%s: %s, %s gives %d\n", what, a.get_str().c_str(), b.get_str().c_str(), got);
}

int larger(int a, int b) { return a > b ? a : b; }
int smaller(int a, int b) { return a < b ? a : b; }

mpz_class shifted(const mpz_class& x, long count) {
    mpz_class r;
    if (count >= 0) {
        r = x << static_cast<unsigned long>(count);
    } else {
        mpz_fdiv_q_2exp(r.get_mpz_t(), x.get_mpz_t(), static_cast<mp_bitcnt_t>(-count));
    }
    return r;
}

/// The operators that give a new value. `left_builtin`: the first operand was a built-in number of the kind `ka`.
template <class A, class B>
void check_values(const A& a, const B& b, kind ka, kind kb, const mpz_class& x, const mpz_class& y, bool left_builtin) {
    const bool any = ka.is_signed || kb.is_signed;
    const int common = larger(ka.width + (kb.is_signed && !ka.is_signed), kb.width + (ka.is_signed && !kb.is_signed));
    expect("+", a + b, {common + 1, any}, x + y, x, y);
    expect("-", a - b, {common + 1, true}, x - y, x, y);
    expect("*", a * b, {ka.width + kb.width, any}, x * y, x, y);
    expect("&", a & b, {common, any}, x & y, x, y);
    expect("|", a | b, {common, any}, x | y, x, y);
    expect("^", a ^ b, {common, any}, x ^ y, x, y);
    if (y != 0) {
        const kind c = left_builtin ? kb : ka, d = left_builtin ? ka : kb;
        expect("/", a / b, {c.width + d.is_signed, any}, x / y, x, y);
        expect("%", a % b, {smaller(c.width, d.width + (!d.is_signed && c.is_signed)), c.is_signed}, x % y, x, y);
    }
    expect_bool("==", a == b, x == y, x, y);
    expect_bool("!=", a != b, x != y, x, y);
    expect_bool("<", a < b, x < y, x, y);
    expect_bool("<=", a <= b, x <= y, x, y);
    expect_bool(">", a > b, x > y, x, y);
    expect_bool(">=", a >= b, x >= y, x, y);
}

template <class A, class B>
void check_assignments(const A& a, const B& b, kind k, const mpz_class& x, const mpz_class& y) {
    A r = a;
    r += b;
    expect("+=", r, k, x + y, x, y);
    r = a;
    r -= b;
    expect("-=", r, k, x - y, x, y);
    r = a;
    r *= b;
    expect("*=", r, k, x * y, x, y);
    r = a;
    r &= b;
    expect("&=", r, k, x & y, x, y);
    r = a;
    r |= b;
    expect("|=", r, k, x | y, x, y);
    r = a;
    r ^= b;
    expect("^=", r, k, x ^ y, x, y);
    if (y != 0) {
        r = a;
        r /= b;
        expect("/=", r, k, x / y, x, y);
        r = a;
        r %= b;
        expect("%=", r, k, x % y, x, y);
    }
}

template <class A>
void check_shifts(const A& a, kind k, const mpz_class& x) {
    for (int count : {0, 1, 3, k.width - 1, k.width, k.width + 7, -1, -2, -k.width, 64, 200}) {
        expect("<<", a << count, k, shifted(x, count), x, count);
        expect(">>", a >> count, k, shifted(x, -count), x, count);
        const ap_int<11> amount = count;
        expect("<< ap", a << amount, k, shifted(x, count), x, count);
        expect(">> ap", a >> amount, k, shifted(x, -count), x, count);
        A r = a;
        r >>= amount;
        expect(">>=", r, k, shifted(x, -count), x, count);
        if (count >= 0) expect("<< unsigned", a << static_cast<unsigned>(count), k, shifted(x, count), x, count);
    }
}

template <class A>
void check_unary(const A& a, kind k, const mpz_class& x) {
    expect("-", -a, {larger(k.width, 1 + k.is_signed) + 1, true}, -x, x, 0);
    expect("~", ~a, k, -x - 1, x, 0);
    expect("+", +a, k, x, x, 0);
    expect_bool("!", !a, x == 0, x, 0);
    A r = a;
    expect("a++", A(r++), k, x, x, 0);
    expect("++", A(++r), k, x + 2, x, 0);
    expect("a--", A(r--), k, x + 2, x, 0);
    expect("--", A(--r), k, x, x, 0);
    expect_bool("or_reduce", a.or_reduce(), x != 0, x, 0);
    expect_bool("and_reduce", a.and_reduce(), wrap(x, k.width, false) == power(k.width) - 1, x, 0);
    expect_bool("xor_reduce", a.xor_reduce(), mpz_popcount(wrap(x, k.width, false).get_mpz_t()) % 2 != 0, x, 0);
    // Ranges, forwards and backwards, read and written.
    const int high = static_cast<int>(random_word() % static_cast<unsigned>(k.width)),
              low = static_cast<int>(random_word() % static_cast<unsigned>(high + 1));
    const mpz_class part = wrap(shifted(x, -low), high - low + 1, false);
    mpz_class reversed = 0;
    for (int i = low; i <= high; ++i) reversed = 2 * reversed + mpz_tstbit(x.get_mpz_t(), static_cast<mp_bitcnt_t>(i));
    expect("range", ap_uint<A::width>(a.range(high, low)), {k.width, false}, part, high, low);
    expect("range reversed", ap_uint<A::width>(a.range(low, high)), {k.width, false}, reversed, high, low);
    expect("lane", ap_int<9>(a.range(high, low)), {9, true}, part, high, low);
    const ap_uint<A::width> fresh = sample<ap_uint<A::width>>(9);
    r = a;
    r.range(high, low) = fresh;
    expect("range =", r, k, x - shifted(part, low) + shifted(wrap(number(fresh), high - low + 1, false), low), high, low);
    r = a;
    r[high] = true;
    expect("bit =", r, k, x | power(high), high, low);
    r = a;
    r.reverse();
    mpz_class all = 0;
    for (int i = 0; i < k.width; ++i) all = 2 * all + mpz_tstbit(x.get_mpz_t(), static_cast<mp_bitcnt_t>(i));
    expect("reverse", r, k, all, x, 0);
    expect("concat", ap_uint<A::width + 5>((a, ap_uint<5>(19))), {k.width + 5, false}, (wrap(x, k.width, false) << 5) + 19, x, 19);
    const long long native = static_cast<long long>(std::stoull(wrap(x, 64, false).get_str()));
    expect("to_int64", ap_int<64>(a.to_int64()), {64, true}, mpz_class(std::to_string(native)), x, 0);
    expect("to_int", ap_int<32>(a.to_int()), {32, true}, x, x, 0);
    expect_bool("to_string", a.to_string(10) == x.get_str(), true, x, 0);
    expect("from text", A(x.get_str().c_str(), 10), k, x, x, 0);
    expect("narrow", ap_int<7>(a), {7, true}, x, x, 0);
    expect("narrow unsigned", ap_uint<33>(a), {33, false}, x, x, 0);
    expect("widen", ap_int<150>(a), {150, true}, x, x, 0);
    expect("widen unsigned", ap_uint<150>(a), {150, false}, x, x, 0);
}

template <class A, class C>
void check_builtin(const A& a, C c, kind kc) {
    const kind k = kind_of(a);
    const mpz_class x = number(a), y(std::to_string(c));
    check_values(a, c, k, kc, x, y, false);
    check_values(c, a, kc, k, y, x, true);
    check_assignments(a, c, k, x, y);
    A r = c;
    expect("=", r, k, y, x, y);
}

template <class A>
void check_builtins(const A& a) {
    const std::uint64_t bits = random_word() >> (random_word() % 64);
    check_builtin(a, static_cast<bool>(bits & 1), {1, false});
    check_builtin(a, static_cast<signed char>(bits), {8, true});
    check_builtin(a, static_cast<unsigned char>(bits), {8, false});
    check_builtin(a, static_cast<short>(bits), {16, true});
    check_builtin(a, static_cast<unsigned short>(bits), {16, false});
    check_builtin(a, static_cast<int>(bits), {32, true});
    check_builtin(a, static_cast<unsigned>(bits), {32, false});
    check_builtin(a, static_cast<long>(bits), {64, true});
    check_builtin(a, static_cast<unsigned long long>(bits), {64, false});
}

template <class A, class B>
void check_pair(bool builtins) {
    for (std::uint64_t& digest : digests) digest = 0xcbf29ce484222325ull;
    const kind ka = kind_of(A(0)), kb = kind_of(B(0));
    for (int i = 0; i < 12; ++i) {
        for (int j = 0; j < 12; ++j) {
            const A a = sample<A>(i);
            const B b = sample<B>(j);
            const mpz_class x = number(a), y = number(b);
            check_values(a, b, ka, kb, x, y, false);
            check_assignments(a, b, ka, x, y);
        }
        const A a = sample<A>(i);
        check_shifts(a, ka, number(a));
        check_unary(a, ka, number(a));
        if (builtins) check_builtins(a);
    }
    std::printf("%d%s %d%s", ka.width, ka.is_signed ? "s" : "u", kb.width, kb.is_signed ? "s" : "u");
    for (std::uint64_t digest : digests) std::printf(" %016llx", static_cast<unsigned long long>(digest));
    std::printf("\n");
}

}  // namespace

int main() {
    check_pair<ap_int<27>, ap_int<18>>(false);
    check_pair<ap_uint<8>, ap_int<9>>(false);
    check_pair<ap_int<63>, ap_uint<64>>(false);
    check_pair<ap_int<80>, ap_int<13>>(false);
#ifndef WEFT_FEW_TYPES
    check_pair<ap_int<8>, ap_int<8>>(true);
    check_pair<ap_uint<33>, ap_uint<75>>(true);
    check_pair<ap_uint<1>, ap_int<7>>(false);
    check_pair<ap_int<3>, ap_int<26>>(false);
    check_pair<ap_uint<12>, ap_uint<5>>(false);
    check_pair<ap_uint<31>, ap_int<32>>(false);
    check_pair<ap_uint<65>, ap_int<6>>(false);
    check_pair<ap_int<64>, ap_int<64>>(false);
    check_pair<ap_uint<64>, ap_int<64>>(false);
    check_pair<ap_uint<72>, ap_uint<40>>(false);
    check_pair<ap_int<128>, ap_uint<63>>(false);
    check_pair<ap_uint<128>, ap_int<63>>(false);
    check_pair<ap_int<512>, ap_int<200>>(false);
#endif
    std::printf("%d failures\n", failures);
    return failures == 0 ? 0 : 1;
}
