// weft_context.h
// Stackful contexts: a stack with a guard page, and a switch between two of them.
// SPDX-License-Identifier: Apache-2.0
// Emitted copies of this file may be used, changed and distributed in any product, without conditions.
#ifndef WEFT_CONTEXT_H
#define WEFT_CONTEXT_H

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#if !defined(WEFT_CSIM_UCONTEXT) && !(defined(__ELF__) && ((defined(__x86_64__) && defined(__LP64__)) || defined(__aarch64__)))
#define WEFT_CSIM_UCONTEXT 1
#endif
#ifdef WEFT_CSIM_UCONTEXT
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define WEFT_CSIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_CSIM_ASAN 1
#endif
#endif
#ifdef WEFT_CSIM_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

#ifndef WEFT_CSIM_UCONTEXT
/// Saves the callee-saved registers and the stack pointer in *from, continues where `to` was saved.
extern "C" void weft_csim_switch(void** from, void* to);
#if defined(__x86_64__)
asm(R"(
    .pushsection .text.weft_csim_switch,"axG",@progbits,weft_csim_switch,comdat
    .weak weft_csim_switch
    .hidden weft_csim_switch
    .type weft_csim_switch,@function
weft_csim_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size weft_csim_switch,.-weft_csim_switch
    .popsection
)");
#else
asm(R"(
    .pushsection .text.weft_csim_switch,"axG",@progbits,weft_csim_switch,comdat
    .weak weft_csim_switch
    .hidden weft_csim_switch
    .type weft_csim_switch,@function
weft_csim_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
    .size weft_csim_switch,.-weft_csim_switch
    .popsection
)");
#endif
#endif

namespace weft {
namespace csim {

/// Address space of a process's stack: more than a device's memory holds, committed only where it is touched. WEFT_CSIM_STACK_MIB
/// overrides.
inline std::size_t stack_bytes() {
    const char* mib = std::getenv("WEFT_CSIM_STACK_MIB");
    const long size = mib ? std::atol(mib) : 0;
    return std::size_t(size > 0 ? size : 64) << 20;
}

/// A place where execution can be left and continued. A default-constructed one stands for the caller's own stack.
class context {
public:
    context() = default;
    context(const context&) = delete;
    context& operator=(const context&) = delete;
    ~context() {
        if (memory_ != nullptr) munmap(memory_, bytes_);
    }

    /// Prepares a stack of its own, which begins in `entry` at the first switch to it; `entry` never returns.
    void prepare(void (*entry)()) {
        if (memory_ == nullptr) allocate();
#ifdef WEFT_CSIM_UCONTEXT
        getcontext(&registers_);
        registers_.uc_stack.ss_sp = memory_;
        registers_.uc_stack.ss_size = bytes_;
        registers_.uc_link = nullptr;
        makecontext(&registers_, entry, 0);
#else
        const std::uintptr_t top = reinterpret_cast<std::uintptr_t>(memory_) + bytes_;
#if defined(__x86_64__)
        void** frame = reinterpret_cast<void**>(top) - 8;  // the entry sees a stack as a call leaves it
        for (int i = 0; i < 8; ++i) frame[i] = nullptr;
        frame[6] = reinterpret_cast<void*>(entry);
#else
        void** frame = reinterpret_cast<void**>(top) - 20;
        for (int i = 0; i < 20; ++i) frame[i] = nullptr;
        frame[11] = reinterpret_cast<void*>(entry);
#endif
        stack_pointer_ = frame;
#endif
    }

    /// Leaves this context for `to`; returns when something switches back.
    void switch_to(context& to) {
#ifdef WEFT_CSIM_ASAN
        __sanitizer_start_switch_fiber(&fake_stack_, to.memory_ ? to.memory_ : to.caller_bottom_,
                                       to.memory_ ? to.bytes_ : to.caller_bytes_);
#endif
#ifdef WEFT_CSIM_UCONTEXT
        swapcontext(&registers_, &to.registers_);
#else
        weft_csim_switch(&stack_pointer_, to.stack_pointer_);
#endif
#ifdef WEFT_CSIM_ASAN
        __sanitizer_finish_switch_fiber(fake_stack_, nullptr, nullptr);
#endif
    }

    /// To be called first on a prepared stack, with the context that switched to it.
    static void entered(context& from) {
#ifdef WEFT_CSIM_ASAN
        const void* bottom = nullptr;
        std::size_t bytes = 0;
        __sanitizer_finish_switch_fiber(nullptr, &bottom, &bytes);
        from.caller_bottom_ = bottom;
        from.caller_bytes_ = bytes;
#else
        static_cast<void>(from);
#endif
    }

private:
    void allocate() {
        const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        bytes_ = stack_bytes();
#ifdef MAP_NORESERVE
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
#else
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#endif
        memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (memory_ == MAP_FAILED) {
            std::fprintf(stderr, "no address space for a process's stack of %zu bytes (WEFT_CSIM_STACK_MIB sets its size)\n", bytes_);
            std::_Exit(3);
        }
        mprotect(memory_, page, PROT_NONE);
    }

    void* memory_ = nullptr;
    std::size_t bytes_ = 0;
#ifdef WEFT_CSIM_UCONTEXT
    ucontext_t registers_;
#else
    void* stack_pointer_ = nullptr;
#endif
#ifdef WEFT_CSIM_ASAN
    void* fake_stack_ = nullptr;
    const void* caller_bottom_ = nullptr;
    std::size_t caller_bytes_ = 0;
#endif
};

}  // namespace csim
}  // namespace weft

#endif
