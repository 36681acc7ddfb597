/* A provider that costs almost nothing: chat requests in, answers as their model's name says out; reads no more of a request
 * than it must and keeps no prompt.
 *
 *     mock PORT          (0 takes a free one; the first line of output says which)
 *
 * A model is called mock-LETTERnumber-LETTERnumber...:
 *     d  milliseconds until the answer begins          0
 *     c  chunks of content in a stream                20
 *     i  milliseconds between chunks, 0: flat out      0
 *     b  bytes of content in a chunk or answer        20
 *     f  failing calls in a million                    0   (a 500, no answer at all, and half an answer, in turn)
 *
 * Each chunk is one server-sent event in one HTTP chunk. A paced chunk is one write, made when its time has come by a clock
 * that does not drift; flat out the whole answer is written as the socket takes it. GET /stats says what happened, with the
 * times (microseconds of CLOCK_MONOTONIC) at which calls were left by whoever asked; DELETE /stats forgets it.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 512, FDS_MAX = 1 << 16, READ_BYTES = 1 << 16, LEFT_MAX = 1 << 16, CHUNK_BYTES_MAX = 1 << 16 };

struct spec { long delay_ms, chunks, interval_ms, bytes, faults_ppm; int stream, usage; };

/* An answer is one text, ready before it is sent. A stream is head, `chunks` pieces of one size, and a tail. */
struct answer { struct spec spec; char *text; size_t size, head, piece; struct answer *next; };

struct conn {
    char *in;
    size_t in_size, in_room;
    const struct answer *answer; /* What is being sent, or nothing between calls. */
    size_t sent, may_send;       /* Bytes of it; pacing moves the second. */
    size_t cut_at;               /* Where a faulty answer ends. */
    int64_t due_us;              /* When it may go on. */
    int place;                   /* In the heap of those that wait, or -1. */
    int blocked;
};

static struct conn *conns[FDS_MAX];
static struct answer *answers;
static int heap[FDS_MAX], waiting, epoll, timer;
static int64_t armed_us, left_us[LEFT_MAX];
static long calls, streams, finished, faults, left, open_answers;

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void *need(void *memory) {
    if (!memory) { perror("mock"); exit(1); }
    return memory;
}

/* --- the heap of waiting answers, the earliest first --- */

static void put(int place, int fd) { heap[place] = fd; conns[fd]->place = place; }

static void sift(int place, int fd) {
    int64_t due = conns[fd]->due_us;
    for (int up; place > 0 && conns[heap[up = (place - 1) / 2]]->due_us > due; place = up) put(place, heap[up]);
    for (int down; (down = 2 * place + 1) < waiting; place = down) {
        if (down + 1 < waiting && conns[heap[down + 1]]->due_us < conns[heap[down]]->due_us) down++;
        if (conns[heap[down]]->due_us >= due) break;
        put(place, heap[down]);
    }
    put(place, fd);
}

static void wait_until(int fd, int64_t due_us) {
    conns[fd]->due_us = due_us;
    sift(conns[fd]->place < 0 ? waiting++ : conns[fd]->place, fd);
}

static void wait_no_more(int fd) {
    int place = conns[fd]->place;
    if (place < 0) return;
    conns[fd]->place = -1;
    if (heap[--waiting] != fd) sift(place, heap[waiting]);
}

/* --- answers --- */

static size_t chunked(char *into, const char *event) { return sprintf(into, "%zx\r\n%s\r\n", strlen(event), event); }

static size_t event(char *into, const char *choices, const char *usage) {
    static char text[CHUNK_BYTES_MAX + 512];
    sprintf(text, "data: {\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
            "\"model\":\"mock\",\"choices\":[%s]%s}\n\n", choices, usage);
    return chunked(into, text);
}

static const char *USAGE = ",\"usage\":{\"prompt_tokens\":75,\"completion_tokens\":20,\"total_tokens\":95}";

/* No two chunks in a row are alike, for there are gateways that end a stream which repeats itself. */
static void number(char *words, size_t size, long n) {
    for (size_t digit = 0; digit < 4 && digit < size; digit++, n /= 10) words[digit] = '0' + n % 10;
}

static void write_stream(struct answer *a, char *words) {
    static char choice[CHUNK_BYTES_MAX + 256];
    a->text = need(malloc(2048 + (a->spec.chunks + 1) * (a->spec.bytes + 512)));
    size_t size = sprintf(a->text, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
    sprintf(choice, "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}");
    size += event(a->text + size, choice, "");
    a->head = size;
    for (long n = 0; n < a->spec.chunks; n++) {
        number(words, a->spec.bytes, n);
        sprintf(choice, "{\"index\":0,\"delta\":{\"content\":\"%s\"},\"finish_reason\":null}", words);
        size += event(a->text + size, choice, "");
    }
    a->piece = a->spec.chunks ? (size - a->head) / a->spec.chunks : 0;
    size += event(a->text + size, "{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}", "");
    if (a->spec.usage) size += event(a->text + size, "", USAGE);
    size += chunked(a->text + size, "data: [DONE]\n\n");
    a->size = size + sprintf(a->text + size, "0\r\n\r\n");
}

static void write_whole(struct answer *a, char *words) {
    static char body[CHUNK_BYTES_MAX + 1024];
    sprintf(body, "{\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"mock\","
            "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\",\"refusal\":null},"
            "\"logprobs\":null,\"finish_reason\":\"stop\"}]%s}", words, USAGE);
    a->text = need(malloc(strlen(body) + 256));
    a->head = a->size = sprintf(a->text, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                                strlen(body), body);
}

static const struct answer *answer_to(const struct spec *spec) {
    for (struct answer *a = answers; a; a = a->next)
        if (!memcmp(&a->spec, spec, sizeof *spec)) return a;
    static char words[CHUNK_BYTES_MAX + 1];
    memset(words, 'x', spec->bytes);
    words[spec->bytes] = 0;
    struct answer *a = need(calloc(1, sizeof *a));
    a->spec = *spec;
    (spec->stream ? write_stream : write_whole)(a, words);
    a->next = answers;
    return answers = a;
}

/* --- requests --- */

static int is_true(const char *body, size_t size, const char *name) {
    const char *at = memmem(body, size, name, strlen(name)), *end = body + size;
    if (!at) return 0;
    for (at += strlen(name); at < end && (*at == ' ' || *at == ':'); at++) {}
    return at < end && *at == 't';
}

static struct spec asked(const char *body, size_t size) {
    struct spec spec;
    memset(&spec, 0, sizeof spec); /* Compared as bytes. */
    spec.chunks = spec.bytes = 20;
    spec.stream = is_true(body, size, "\"stream\"");
    spec.usage = is_true(body, size, "\"include_usage\"");
    const char *at = memmem(body, size, "\"mock-", 6), *end = body + size;
    for (at = at ? at + 6 : end; at < end && *at != '"';) {
        char letter = *at++;
        long number = 0;
        for (; at < end && *at >= '0' && *at <= '9'; at++) number = number * 10 + (*at - '0');
        switch (letter) {
        case 'd': spec.delay_ms = number; break;
        case 'c': spec.chunks = number; break;
        case 'i': spec.interval_ms = number; break;
        case 'b': spec.bytes = number < CHUNK_BYTES_MAX ? number : CHUNK_BYTES_MAX; break;
        case 'f': spec.faults_ppm = number; break;
        }
    }
    return spec;
}

static void watch(int fd, int blocked) {
    struct epoll_event e = {.events = EPOLLIN | (blocked ? EPOLLOUT : 0), .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &e);
    conns[fd]->blocked = blocked;
}

static void drop(int fd) {
    struct conn *c = conns[fd];
    if (c->answer) open_answers--;
    wait_no_more(fd);
    free(c->in);
    free(c);
    conns[fd] = NULL;
    close(fd);
}

static void go_on(int fd) {
    struct conn *c = conns[fd];
    size_t until = c->may_send < c->cut_at ? c->may_send : c->cut_at;
    while (c->sent < until) {
        ssize_t n = send(fd, c->answer->text + c->sent, until - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) { watch(fd, 1); return; }
        if (n < 0) { drop(fd); return; }
        c->sent += n;
    }
    if (c->blocked) watch(fd, 0);
    if (c->sent < c->cut_at) return;
    if (c->sent < c->answer->size) { drop(fd); return; } /* A fault. */
    finished++, open_answers--;
    c->answer = NULL;
}

/* What may be sent now, and when more may be. */
static void pace(int fd) {
    struct conn *c = conns[fd];
    const struct answer *a = c->answer;
    size_t end_of_pieces = a->head + a->spec.chunks * a->piece;
    if (!a->spec.interval_ms || !a->piece) c->may_send = a->size;
    else c->may_send = (c->may_send ? c->may_send : a->head) + a->piece;
    if (c->may_send >= end_of_pieces) c->may_send = a->size;
    if (c->may_send < a->size) wait_until(fd, c->due_us + a->spec.interval_ms * 1000);
    else wait_no_more(fd);
    go_on(fd);
}

static void reply(int fd, const char *status, const char *body) {
    static char text[LEFT_MAX * 24 + 1024];
    int size = sprintf(text, "HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s", status,
                       strlen(body), body);
    if (send(fd, text, size, MSG_NOSIGNAL) != size) drop(fd);
}

static void stats(int fd) {
    static char text[LEFT_MAX * 22 + 512];
    size_t size = sprintf(text, "{\"calls\":%ld,\"streams\":%ld,\"finished\":%ld,\"faults\":%ld,\"open\":%ld,\"left\":%ld,"
                          "\"left_us\":[", calls, streams, finished, faults, open_answers, left);
    for (long n = 0; n < left && n < LEFT_MAX; n++) size += sprintf(text + size, "%s%lld", n ? "," : "", (long long)left_us[n]);
    sprintf(text + size, "]}");
    reply(fd, "200 OK", text);
}

static void take_call(int fd, const char *body, size_t size) {
    struct conn *c = conns[fd];
    struct spec spec = asked(body, size);
    int fault = random() % 1000000 < spec.faults_ppm ? 1 + faults++ % 3 : 0;
    calls++, streams += spec.stream;
    if (fault == 1) reply(fd, "500 Internal Server Error", "{\"error\":{\"message\":\"a fault\",\"type\":\"server_error\"}}");
    if (fault == 2) drop(fd);
    if (fault == 1 || fault == 2) return;
    c->answer = answer_to(&spec);
    c->sent = c->may_send = 0;
    c->cut_at = fault ? c->answer->size / 2 : c->answer->size;
    open_answers++;
    c->due_us = now_us() + spec.delay_ms * 1000;
    if (spec.delay_ms) wait_until(fd, c->due_us);
    else pace(fd);
}

/* The size of the request at the front of the buffer, or 0 while it is not complete. */
static size_t complete(struct conn *c, size_t *head) {
    char *end = memmem(c->in, c->in_size, "\r\n\r\n", 4);
    if (!end) return 0;
    *head = end + 4 - c->in;
    size_t length = 0;
    for (char *line = c->in; line < end; line = (char *)memmem(line, end + 2 - line, "\r\n", 2) + 2)
        if (!strncasecmp(line, "content-length:", 15)) length = strtoul(line + 15, NULL, 10);
    return c->in_size >= *head + length ? *head + length : 0;
}

static void forget(int fd) {
    calls = streams = finished = faults = left = 0;
    reply(fd, "200 OK", "{}");
}

static void take(int fd) {
    struct conn *c = conns[fd];
    size_t head, size = complete(c, &head);
    if (!size) return;
    c->in_size -= size; /* Nobody here sends a second request before the first is answered. */
    if (!strncmp(c->in, "GET /stats", 10)) stats(fd);
    else if (!strncmp(c->in, "DELETE /stats", 13)) forget(fd);
    else take_call(fd, c->in + head, size - head);
}

static void hear(int fd) {
    struct conn *c = conns[fd];
    if (c->in_room - c->in_size < READ_BYTES / 16) c->in = need(realloc(c->in, c->in_room += c->in_room + READ_BYTES / 16));
    ssize_t n = recv(fd, c->in + c->in_size, c->in_room - c->in_size, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        if (c->answer && left++ < LEFT_MAX) left_us[left - 1] = now_us();
        drop(fd);
        return;
    }
    c->in_size += n;
    if (!c->answer) take(fd);
}

static void welcome(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        if (fd >= FDS_MAX) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        conns[fd] = need(calloc(1, sizeof(struct conn)));
        conns[fd]->place = -1;
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
    }
}

static void arm(void) {
    int64_t at = waiting ? conns[heap[0]]->due_us : 0;
    if (at == armed_us) return;
    struct itimerspec when = {.it_value = {at / 1000000, at % 1000000 * 1000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
    armed_us = at;
}

static void tick(void) {
    uint64_t times;
    if (read(timer, &times, sizeof times) > 0) armed_us = 0;
}

static int listening(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    struct sockaddr *address = (struct sockaddr *)&at;
    if (bind(listener, address, size) || listen(listener, 16384) || getsockname(listener, address, &size)) {
        perror("mock");
        exit(1);
    }
    printf("listening on http://127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return listener;
}

static void watch_new(int fd) {
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

int main(int count, char **words) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    int listener = listening(count > 1 ? atoi(words[1]) : 0);
    epoll = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch_new(listener);
    watch_new(timer);
    for (struct epoll_event events[EVENTS];;) {
        arm();
        int found = epoll_wait(epoll, events, EVENTS, -1);
        for (int n = 0; n < found; n++) {
            int fd = events[n].data.fd;
            if (fd == listener) welcome(listener);
            else if (fd == timer) tick();
            else if (conns[fd] && events[n].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) hear(fd);
            if (fd != listener && fd != timer && conns[fd] && conns[fd]->answer && events[n].events & EPOLLOUT) go_on(fd);
        }
        for (int64_t now = now_us(); waiting && conns[heap[0]]->due_us <= now;) pace(heap[0]);
    }
}
