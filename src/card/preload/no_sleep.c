// no_sleep.c
// Preloaded into a host of an emulated card: XRT's emulation driver sleeps whole seconds where the card answers at once. Its sleeps, and
// nobody else's, are cut to milliseconds.
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int from_driver(const void* caller) {
    Dl_info info;
    return dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "libxrt_hwemu") != NULL;
}

static void pause_for(long nanoseconds) {
    const struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    nanosleep(&time, NULL);
}

unsigned int sleep(unsigned int seconds) {
    static unsigned int (*next)(unsigned int);
    if (from_driver(__builtin_return_address(0))) {
        // The driver's thread for messages looks every 10 s: 50 ms keep it from the host's way. All other sleeps are waits for an answer.
        pause_for(seconds >= 10 ? 50000000 : 1000000);
        return 0;
    }
    if (!next) next = (unsigned int (*)(unsigned int))dlsym(RTLD_NEXT, "sleep");
    return next(seconds);
}
