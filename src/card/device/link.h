// link.h
// The two sockets between XRT's emulation driver and its device process: the driver calls on one, the device on the other.
// Framing (observed on XRT 2.13): host to device 0x09, length as 8 bytes, 0x15, call as 4 bytes; device to host 0x09, length as 8 bytes;
// all little endian. Part of the device process of an emulated card. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

namespace weft::device {

struct Call {
    std::uint32_t number = 0;
    std::string body;
};

class Link {
public:
    Link() = default;
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link() {
        for (const int socket : {calls_, calls_back_})
            if (socket >= 0) ::close(socket);
    }

    /// Connects to the driver that has started this process, by EMULATION_SOCKETID and USER. False where it does not answer in time, or
    /// its process `host` has ended (0: not known).
    bool connect(std::chrono::seconds patience, pid_t host) {
        const char* id = std::getenv("EMULATION_SOCKETID");
        const char* user = std::getenv("USER");
        if (!id) return false;
        const std::string folder = user ? std::string("/tmp/") + user + "/" : "/tmp/";
        path_ = user ? folder + id : folder + "xcl_sock";
        back_path_ = folder + "D2X_unix_sock_" + id;
        const auto until = std::chrono::steady_clock::now() + patience;
        calls_ = connect_to(path_, until, host);
        // The driver offers the second socket for a while only: a device that never calls back can do without.
        if (calls_ >= 0) calls_back_ = connect_to(back_path_, std::chrono::steady_clock::now() + std::chrono::seconds(10), host);
        if (calls_back_ >= 0) ::unlink(back_path_.c_str());
        return calls_ >= 0;
    }

    /// Is there a call, or has the driver gone? Waits `milliseconds` at most; -1: as long as it takes.
    bool waiting(int milliseconds) const {
        pollfd entry{calls_, POLLIN, 0};
        return ::poll(&entry, 1, milliseconds) > 0;
    }

    /// False where the driver has gone.
    bool receive(Call& call) const {
        unsigned char head[14];
        if (!read_all(calls_, head, sizeof head)) return false;
        call.number = static_cast<std::uint32_t>(little_endian(head + 10, 4));
        call.body.resize(little_endian(head + 1, 8));
        return read_all(calls_, call.body.data(), call.body.size());
    }
    bool answer(std::string_view body) const { return write_all(calls_, head(body.size()) + std::string(body)); }

    /// The driver's thread for calls of the device ends by this.
    void say_goodbye() const {
        if (calls_back_ >= 0) write_all(calls_back_, head(0) + std::string("\x15\x01\0\0\0", 5));
    }
    /// What a driver that has gone cannot remove.
    void remove_sockets() const {
        ::unlink(path_.c_str());
        ::unlink(back_path_.c_str());
    }

private:
    static int connect_to(const std::string& path, std::chrono::steady_clock::time_point until, pid_t host) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path.size() >= sizeof address.sun_path) return -1;
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        for (;;) {
            const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (socket < 0) return -1;
            if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
            ::close(socket);
            if (std::chrono::steady_clock::now() > until || (host > 1 && ::kill(host, 0) != 0)) return -1;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
    static std::uint64_t little_endian(const unsigned char* bytes, int count) {
        std::uint64_t value = 0;
        for (int i = count - 1; i >= 0; --i) value = value << 8 | bytes[i];
        return value;
    }
    static std::string head(std::size_t length) {
        std::string text = "\x09";
        for (int i = 0; i < 8; ++i) text += static_cast<char>(std::uint64_t{length} >> (8 * i));
        return text;
    }
    static bool read_all(int socket, void* to, std::size_t size) {
        auto* at = static_cast<char*>(to);
        while (size > 0) {
            const ssize_t got = ::recv(socket, at, size, 0);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return false;
            at += got;
            size -= static_cast<std::size_t>(got);
        }
        return true;
    }
    static bool write_all(int socket, std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR) continue;
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    int calls_ = -1, calls_back_ = -1;
    std::string path_, back_path_;
};

}  // namespace weft::device
