// weft_ap_ref.h
// The proxies of ap_int.h: range(), one bit, concatenation. They read as unsigned values and write through to their parents.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_AP_REF_H
#define WEFT_AP_REF_H

#include "ap_int.h"

/// Bits high .. low of a value; high < low is the same bits in reverse order.
template <int W, bool S>
struct ap_range_ref {
    ap_range_ref(ap_int_base<W, S>* parent, int high, int low) : parent_(parent), high_(high), low_(low) {}
    ap_range_ref(const ap_range_ref&) = default;

    int length() const { return high_ >= low_ ? high_ - low_ + 1 : low_ - high_ + 1; }
    /// Bits 64 i .. 64 i + 63 of the value read, zero beyond its length.
    std::uint64_t limb(int i) const {
        const int rest = length() - 64 * i;
        if (rest <= 0) return 0;
        const std::uint64_t mask = ~std::uint64_t(0) >> (rest >= 64 ? 0 : 64 - rest);
        if (high_ >= low_) return parent_->bits64(low_ + 64 * i) & mask;
        std::uint64_t x = 0;
        for (int k = 0; k < (rest < 64 ? rest : 64); ++k) x |= std::uint64_t(parent_->get_bit(low_ - 64 * i - k)) << k;
        return x;
    }
    ap_int_base<W, false> get() const { return ap_int_base<W, false>(*this); }
    template <int W2, bool S2>
    void set(const ap_int_base<W2, S2>& x) {
        if (high_ < low_) {
            for (int k = 0; k < length(); ++k) parent_->set_bit(low_ - k, (x.limb(k / 64) >> (k % 64)) & 1);
            return;
        }
        for (int k = 0; k < length(); k += 64) parent_->insert64(low_ + k, length() - k < 64 ? length() - k : 64, x.limb(k / 64));
    }
    ap_range_ref& operator=(const ap_range_ref& x) {
        set(x.get());
        return *this;
    }
    template <class T, typename std::enable_if<weft_ap::operand<T>::value, int>::type = 0>
    ap_range_ref& operator=(const T& x) {
        set(weft_ap::operand<T>::get(x));
        return *this;
    }
    ap_range_ref& operator=(const char* text) {
        set(ap_int_base<W, false>(text));
        return *this;
    }

    operator unsigned long long() const { return limb(0); }
    int to_int() const { return static_cast<int>(limb(0)); }
    unsigned to_uint() const { return static_cast<unsigned>(limb(0)); }
    long to_long() const { return static_cast<long>(limb(0)); }
    unsigned long to_ulong() const { return limb(0); }
    long long to_int64() const { return static_cast<long long>(limb(0)); }
    unsigned long long to_uint64() const { return limb(0); }
    std::string to_string(signed char radix = 2) const { return get().to_string(radix); }
    bool and_reduce() const {
        for (int k = 0; k < length(); ++k) {
            if (!((limb(k / 64) >> (k % 64)) & 1)) return false;
        }
        return true;
    }
    bool or_reduce() const { return !get().is_zero(); }
    bool xor_reduce() const { return get().xor_reduce(); }

private:
    ap_int_base<W, S>* parent_;
    int high_, low_;
};

/// One bit of a value.
template <int W, bool S>
struct ap_bit_ref {
    ap_bit_ref(ap_int_base<W, S>* parent, int index) : parent_(parent), index_(index) {}
    ap_bit_ref(const ap_bit_ref&) = default;

    operator bool() const { return parent_->get_bit(index_); }
    bool to_bool() const { return parent_->get_bit(index_); }
    bool operator~() const { return !to_bool(); }
    int length() const { return 1; }
    ap_int_base<1, false> get() const { return to_bool(); }
    template <int W2, bool S2>
    void set(const ap_int_base<W2, S2>& x) {
        parent_->set_bit(index_, x.get_bit(0));
    }
    ap_bit_ref& operator=(const ap_bit_ref& x) { return *this = x.to_bool(); }
    /// Any other value sets the bit if it is not zero.
    template <class T, typename std::enable_if<weft_ap::operand<T>::value, int>::type = 0>
    ap_bit_ref& operator=(const T& x) {
        parent_->set_bit(index_, !weft_ap::operand<T>::get(x).is_zero());
        return *this;
    }

private:
    ap_int_base<W, S>* parent_;
    int index_;
};

/// Two values side by side, the first one above the second.
template <int W1, class T1, int W2, class T2>
struct ap_concat_ref {
    ap_concat_ref(T1& high, T2& low) : high_(high), low_(low) {}
    ap_concat_ref(const ap_concat_ref&) = default;

    int length() const { return high_.length() + low_.length(); }
    ap_int_base<W1 + W2, false> get() const {
        const ap_uint<W1 + W2> high = ap_int_base<W1, false>(high_.get()), low = ap_int_base<W2, false>(low_.get());
        return (high << low_.length()) | low;
    }
    template <int W3, bool S3>
    void set(const ap_int_base<W3, S3>& x) {
        const ap_uint<W1 + W2> whole = x;
        high_.set(ap_int_base<W1, false>(whole >> low_.length()));
        low_.set(ap_int_base<W2, false>(whole));
    }
    ap_concat_ref& operator=(const ap_concat_ref& x) {
        set(x.get());
        return *this;
    }
    template <class T, typename std::enable_if<weft_ap::operand<T>::value, int>::type = 0>
    ap_concat_ref& operator=(const T& x) {
        set(ap_int_base<W1 + W2, false>(weft_ap::operand<T>::get(x)));
        return *this;
    }
    operator unsigned long long() const { return get().to_uint64(); }
    int to_int() const { return get().to_int(); }
    unsigned to_uint() const { return get().to_uint(); }
    long to_long() const { return get().to_long(); }
    unsigned long to_ulong() const { return get().to_ulong(); }
    long long to_int64() const { return get().to_int64(); }
    unsigned long long to_uint64() const { return get().to_uint64(); }
    std::string to_string(signed char radix = 2) const { return get().to_string(radix); }

private:
    T1& high_;
    T2& low_;
};

namespace weft_ap {

/// The part that a concatenation refers to: the ap_int_base of a value, a proxy itself.
template <class T>
struct part {
    static const bool value = false;
};
template <int W, class T>
struct part_of {
    static const bool value = true;
    static const int width = W;
    typedef T type;
};
template <int W, bool S>
struct part<ap_int_base<W, S>> : part_of<W, ap_int_base<W, S>> {};
template <int W>
struct part<ap_int<W>> : part_of<W, ap_int_base<W, true>> {};
template <int W>
struct part<ap_uint<W>> : part_of<W, ap_int_base<W, false>> {};
template <int W, bool S>
struct part<ap_range_ref<W, S>> : part_of<W, ap_range_ref<W, S>> {};
template <int W, bool S>
struct part<ap_bit_ref<W, S>> : part_of<1, ap_bit_ref<W, S>> {};
template <int W1, class T1, int W2, class T2>
struct part<ap_concat_ref<W1, T1, W2, T2>> : part_of<W1 + W2, ap_concat_ref<W1, T1, W2, T2>> {};

template <class A, class B, bool = part<A>::value&& part<B>::value>
struct concat_result {};
template <class A, class B>
struct concat_result<A, B, true> {
    typedef ap_concat_ref<part<A>::width, typename part<A>::type, part<B>::width, typename part<B>::type> type;
};

}  // namespace weft_ap

template <class A, class B>
typename weft_ap::concat_result<A, B>::type operator,(const A& a, const B& b) {
    return {const_cast<typename weft_ap::part<A>::type&>(static_cast<const typename weft_ap::part<A>::type&>(a)),
            const_cast<typename weft_ap::part<B>::type&>(static_cast<const typename weft_ap::part<B>::type&>(b))};
}

#endif
