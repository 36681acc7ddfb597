/* Callers that cost almost nothing: requests as files in, calls over keep-alive connections, what they saw as JSON out; checks
 * that answers are whole and keeps none.
 *
 *     load [OPTION NUMBER]... REQUEST...       (files with the bytes of a request each, made in turn)
 *
 *     --port           where to call, at 127.0.0.1
 *     --connections    how many                                                                      1
 *     --ramp           connections opened a second, 0: all at once                                   0
 *     --seconds        how long to measure, after --warm-up                                          5
 *     --warm-up        seconds that do not count                                                     0
 *     --calls          measure until so many calls have ended, instead of --seconds                  0
 *     --rate           calls a second at fixed times (open loop); 0: each asks when it is answered   0
 *     --leave-ppm      calls in a million whose caller leaves before the end                         0
 *     --leave-after    milliseconds after which, give or take a half                                50
 *
 * In an open loop a call's time begins when it was due, not when a connection was free for it, so that a stall is seen in full.
 * "begin" and "end" are printed at the edges of what is measured, for whoever reads the clocks of others there.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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

enum { EVENTS = 512, REQUESTS_MAX = 16, HEAD_MAX = 8192, LINE_MAX_KEPT = 1024, READ_BYTES = 1 << 18, STATUSES = 600 };
enum state { ABSENT, CONNECTING, IDLE, BUSY };
enum part { HEAD, BY_LENGTH, BY_CLOSE, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILERS };

struct request { char *text; size_t size; };

struct conn {
    int fd, events_wanted, next_idle;
    enum state state;
    const struct request *request;
    size_t sent;
    int64_t due_us, last_us, leave_us;
    enum part part;
    int status, is_stream, ended;
    long chunks;
    size_t left_of_part, head_size, line_size;
    char head[HEAD_MAX], line[LINE_MAX_KEPT];
};

struct samples { uint32_t *us; size_t count, room; };

static struct { long port, connections, ramp, seconds, warm_up, calls, rate, leave_ppm, leave_after; } want = {
    .connections = 1, .seconds = 5, .leave_after = 50};
static struct request requests[REQUESTS_MAX];
static int request_count, epoll, timer, idle = -1, measuring, begun, over;
static struct conn *conns;
static long opened, started, ended, statuses[STATUSES], streams_whole, streams_cut, chunks, left, refused, broken;
static struct samples latency, first_chunk, gap;
static int64_t begin_us, end_us, next_due_us, period_ns, next_due_rest_ns, now, cpu_us, *left_us;

static int64_t clock_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void *need(void *memory) {
    if (!memory) { perror("load"); exit(1); }
    return memory;
}

static void add(struct samples *s, int64_t us) {
    if (!measuring) return;
    if (s->count == s->room) s->us = need(realloc(s->us, (s->room += s->room + 4096) * sizeof *s->us));
    s->us[s->count++] = us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : us;
}

/* --- connections --- */

static void want_events(struct conn *c, int events) {
    struct epoll_event e = {.events = events, .data.u32 = c - conns};
    if (c->events_wanted != events) epoll_ctl(epoll, c->events_wanted ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &e);
    c->events_wanted = events;
}

static void connect_anew(struct conn *c) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(want.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) { perror("load"); exit(1); }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    c->state = CONNECTING;
    c->events_wanted = 0;
    connect(c->fd, (struct sockaddr *)&at, sizeof at);
    want_events(c, EPOLLIN | EPOLLOUT);
}

static void rest(struct conn *c) { c->state = IDLE, c->next_idle = idle, idle = c - conns; }

static void hang_up(struct conn *c) {
    for (int *place = &idle; c->state == IDLE && *place >= 0; place = &conns[*place].next_idle)
        if (*place == c - conns) { *place = c->next_idle; break; }
    close(c->fd);
    connect_anew(c);
}

static void send_on(struct conn *c) {
    while (c->sent < c->request->size) {
        ssize_t n = send(c->fd, c->request->text + c->sent, c->request->size - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) { want_events(c, EPOLLIN | EPOLLOUT); return; }
        if (n < 0) return; /* Reading will say so. */
        c->sent += n;
    }
    want_events(c, EPOLLIN);
}

static int may_start(void) { return !over && (!want.calls || started < want.calls); }

static void start(struct conn *c, int64_t due_us) {
    c->state = BUSY;
    c->request = &requests[started++ % request_count];
    c->sent = c->head_size = c->line_size = 0;
    c->part = HEAD;
    c->chunks = c->ended = 0;
    c->due_us = c->last_us = due_us;
    c->leave_us = 0;
    if (random() % 1000000 < want.leave_ppm) c->leave_us = now + want.leave_after * (500 + random() % 1000);
    send_on(c);
}

/* Whoever rests makes the calls that are due: in a closed loop at once. The last to be answered is the first to ask. */
static void start_due(void) {
    while (idle >= 0 && may_start() && (!want.rate || next_due_us <= now)) {
        struct conn *c = &conns[idle];
        idle = c->next_idle;
        start(c, want.rate ? next_due_us : now);
        next_due_rest_ns += period_ns;
        next_due_us += next_due_rest_ns / 1000;
        next_due_rest_ns %= 1000;
    }
}

/* --- answers --- */

static void has_ended(struct conn *c, int whole) {
    ended += measuring;
    if (measuring && c->part != HEAD) statuses[c->status]++;
    if (measuring && c->part == HEAD) broken++;
    else if (measuring && c->is_stream) *(whole && c->ended ? &streams_whole : &streams_cut) += 1;
    else if (measuring && !whole) broken++;
    if (whole) add(&latency, now - c->due_us);
}

static void answered(struct conn *c) { has_ended(c, 1); rest(c); }

static void lost(struct conn *c) {
    if (c->state == CONNECTING) { refused++; usleep(1000); }
    if (c->state == BUSY) has_ended(c, c->part == BY_CLOSE);
    hang_up(c);
}

/* An event counts as a chunk if it brings content: a role, a reason to stop and a usage bring none. */
static void hear_line(struct conn *c, const char *line, size_t size) {
    static const char NAME[] = "\"content\":";
    if (size < 6 || memcmp(line, "data:", 5)) return;
    if (memmem(line, size < 16 ? size : 16, "[DONE]", 6)) { c->ended = 1; return; }
    const char *at = memmem(line, size, NAME, sizeof NAME - 1);
    if (!at) return;
    for (at += sizeof NAME - 1; at < line + size && *at == ' '; at++) {}
    if (at + 1 >= line + size || at[0] != '"' || at[1] == '"') return;
    add(c->chunks ? &gap : &first_chunk, now - c->last_us);
    c->last_us = now;
    c->chunks++;
    chunks += measuring;
}

static void hear_text(struct conn *c, const char *text, size_t size) {
    for (const char *end = text + size; c->is_stream && text < end;) {
        const char *stop = memchr(text, '\n', end - text), *upto = stop ? stop : end;
        if (stop && !c->line_size) hear_line(c, text, upto - text);
        else {
            size_t room = LINE_MAX_KEPT - c->line_size, n = (size_t)(upto - text) < room ? (size_t)(upto - text) : room;
            memcpy(c->line + c->line_size, text, n);
            c->line_size += n;
            if (stop) { hear_line(c, c->line, c->line_size); c->line_size = 0; }
        }
        text = upto + 1;
    }
}

static void read_head(struct conn *c, const char *end) {
    c->status = atoi(c->head + 9) % STATUSES;
    c->is_stream = 0;
    c->part = BY_CLOSE;
    for (const char *line = c->head; line < end; line = (char *)memmem(line, end + 2 - line, "\r\n", 2) + 2) {
        if (!strncasecmp(line, "content-length:", 15)) { c->part = BY_LENGTH; c->left_of_part = strtoul(line + 15, NULL, 10); }
        if (!strncasecmp(line, "transfer-encoding:", 18)) { c->part = CHUNK_SIZE; c->left_of_part = 0; }
        if (!strncasecmp(line, "content-type: text/event-stream", 31)) c->is_stream = 1;
    }
}

static size_t hear_head(struct conn *c, const char *data, size_t size) {
    size_t had = c->head_size, n = size < HEAD_MAX - 1 - had ? size : HEAD_MAX - 1 - had;
    memcpy(c->head + had, data, n);
    c->head[c->head_size += n] = 0;
    const char *end = memmem(c->head, c->head_size, "\r\n\r\n", 4);
    if (!end) {
        if (c->head_size == HEAD_MAX - 1) { fputs("load: an answer with too large a head\n", stderr); exit(1); }
        return n;
    }
    read_head(c, end);
    return end + 4 - c->head - had;
}

/* One byte or run of the framing around chunks; what is left of a size is read as hexadecimal digits. */
static size_t hear_frame(struct conn *c, const char *data, size_t size) {
    const char *stop = memchr(data, '\n', size);
    size_t n = stop ? (size_t)(stop + 1 - data) : size;
    for (size_t at = 0; c->part == CHUNK_SIZE && at < n && data[at] > ' ' && data[at] != ';'; at++)
        c->left_of_part = c->left_of_part * 16 + (data[at] <= '9' ? data[at] - '0' : (data[at] | 32) - 'a' + 10);
    if (c->part == TRAILERS) for (size_t at = 0; at < n; at++) c->left_of_part += data[at] > ' ';
    if (!stop) return n;
    if (c->part == CHUNK_SIZE) c->part = c->left_of_part ? CHUNK_DATA : TRAILERS;
    else if (c->part == CHUNK_END) { c->part = CHUNK_SIZE; c->left_of_part = 0; }
    else if (c->left_of_part) c->left_of_part = 0; /* A trailer; an empty line ends them. */
    else answered(c);
    return n;
}

static size_t hear_part(struct conn *c, const char *data, size_t size) {
    if (c->part == HEAD) {
        size_t n = hear_head(c, data, size);
        if (c->part == BY_LENGTH && !c->left_of_part) answered(c);
        return n;
    }
    if (c->part > CHUNK_DATA || c->part == CHUNK_SIZE) return hear_frame(c, data, size);
    size_t n = c->part == BY_CLOSE || size < c->left_of_part ? size : c->left_of_part;
    hear_text(c, data, n);
    if (c->part == BY_CLOSE || (c->left_of_part -= n)) return n;
    if (c->part == CHUNK_DATA) c->part = CHUNK_END;
    else answered(c);
    return n;
}

static void hear(struct conn *c) {
    static char data[READ_BYTES];
    ssize_t n = recv(c->fd, data, sizeof data, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) { lost(c); return; }
    for (ssize_t at = 0; at < n && c->state == BUSY;) at += hear_part(c, data + at, n - at);
}

static void happened(struct conn *c, int events) {
    if (c->state == CONNECTING && events & EPOLLOUT && !(events & (EPOLLERR | EPOLLHUP))) {
        rest(c);
        want_events(c, EPOLLIN);
    } else if (c->state == BUSY && events & EPOLLOUT) send_on(c);
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) hear(c);
}

/* --- time --- */

static void leave(struct conn *c) {
    if (measuring) { ended++; left_us[left++ % (1 << 20)] = clock_us(CLOCK_MONOTONIC); }
    hang_up(c);
}

static void open_more(int64_t first_us) {
    long due = want.ramp ? (now - first_us) * want.ramp / 1000000 + 1 : want.connections;
    while (opened < want.connections && opened < due) connect_anew(&conns[opened++]);
}

static void arm(void) {
    int64_t at = measuring ? end_us : begin_us;
    if (want.calls) at = now + 1000000;
    if (want.rate && idle >= 0 && next_due_us < at) at = next_due_us;
    if ((want.leave_ppm || opened < want.connections) && now + 1000 < at) at = now + 1000;
    struct itimerspec when = {.it_value = {at / 1000000, at % 1000000 * 1000 + 1}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void edge(void) {
    if (!measuring && !begun && now >= begin_us) {
        puts("begin");
        fflush(stdout);
        cpu_us = -clock_us(CLOCK_PROCESS_CPUTIME_ID);
        measuring = begun = 1;
        begin_us = clock_us(CLOCK_MONOTONIC);
        end_us = begin_us + want.seconds * 1000000;
    } else if (measuring && (want.calls ? ended >= want.calls : now >= end_us)) {
        end_us = clock_us(CLOCK_MONOTONIC);
        measuring = 0, over = 1;
        cpu_us += clock_us(CLOCK_PROCESS_CPUTIME_ID);
        puts("end");
        fflush(stdout);
    }
}

static void run(void) {
    int64_t first_us = now = clock_us(CLOCK_MONOTONIC);
    struct epoll_event events[EVENTS], e = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
    epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &e);
    next_due_us = now;
    begin_us = now + want.warm_up * 1000000;
    while (!over) {
        edge();
        open_more(first_us);
        start_due();
        arm();
        int found = epoll_wait(epoll, events, EVENTS, -1);
        now = clock_us(CLOCK_MONOTONIC);
        for (int n = 0; n < found; n++)
            if (events[n].data.u32 != UINT32_MAX) happened(&conns[events[n].data.u32], events[n].events);
        for (long n = 0; want.leave_ppm && n < opened; n++)
            if (conns[n].state == BUSY && conns[n].leave_us && conns[n].leave_us <= now) leave(&conns[n]);
    }
}

/* --- words in, JSON out --- */

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void print_samples(const char *name, struct samples *s) {
    double sum = 0;
    qsort(s->us, s->count, sizeof *s->us, by_size);
    for (size_t n = 0; n < s->count; n++) sum += s->us[n];
    printf(",\"%s\":{\"count\":%zu", name, s->count);
    if (s->count)
        printf(",\"mean\":%.1f,\"p50\":%u,\"p90\":%u,\"p99\":%u,\"max\":%u", sum / s->count, s->us[s->count / 2],
               s->us[s->count * 9 / 10], s->us[s->count * 99 / 100], s->us[s->count - 1]);
    printf("}");
}

static void print_all(void) {
    long unsent = want.rate && end_us > next_due_us ? (end_us - next_due_us) * want.rate / 1000000 : 0, open = 0;
    for (long n = 0; n < opened; n++) open += conns[n].state == BUSY && conns[n].chunks > 0;
    printf("{\"seconds\":%.6f,\"cpu_us\":%lld", (end_us - begin_us) / 1e6, (long long)cpu_us);
    printf(",\"calls\":%ld,\"chunks\":%ld", ended, chunks);
    printf(",\"streams_whole\":%ld,\"streams_cut\":%ld", streams_whole, streams_cut);
    printf(",\"left\":%ld,\"broken\":%ld,\"refused\":%ld,\"unsent\":%ld,\"open\":%ld", left, broken, refused, unsent, open);
    printf(",\"statuses\":{");
    for (int status = 0, some = 0; status < STATUSES; status++)
        if (statuses[status]) printf("%s\"%d\":%ld", some++ ? "," : "", status, statuses[status]);
    printf("}");
    print_samples("latency_us", &latency);
    print_samples("first_chunk_us", &first_chunk);
    print_samples("gap_us", &gap);
    printf(",\"left_us\":[");
    for (long n = 0; n < left && n < 1 << 20; n++) printf("%s%lld", n ? "," : "", (long long)left_us[n]);
    puts("]}");
}

static int option(const char *name, long number) {
    struct { const char *name; long *place; } known[] = {
        {"--port", &want.port}, {"--connections", &want.connections}, {"--ramp", &want.ramp},
        {"--seconds", &want.seconds}, {"--warm-up", &want.warm_up}, {"--calls", &want.calls},
        {"--rate", &want.rate}, {"--leave-ppm", &want.leave_ppm}, {"--leave-after", &want.leave_after}};
    for (size_t n = 0; n < sizeof known / sizeof *known; n++)
        if (!strcmp(known[n].name, name)) { *known[n].place = number; return 1; }
    return 0;
}

static struct request request_in(const char *path) {
    FILE *file = need(fopen(path, "rb"));
    struct request r = {need(malloc(1 << 26)), 0};
    r.size = fread(r.text, 1, 1 << 26, file);
    fclose(file);
    return r;
}

int main(int count, char **words) {
    for (int n = 1; n < count; n++) {
        if (!strncmp(words[n], "--", 2) && n + 1 < count && option(words[n], atol(words[n + 1]))) n++;
        else if (words[n][0] != '-' && request_count < REQUESTS_MAX) requests[request_count++] = request_in(words[n]);
        else { fprintf(stderr, "load: %s: see the head of load.c\n", words[n]); return 2; }
    }
    if (!request_count || !want.port) return fputs("load: a --port and a request are needed\n", stderr), 2;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    conns = need(calloc(want.connections, sizeof *conns));
    left_us = need(calloc(1 << 20, sizeof *left_us));
    period_ns = want.rate ? 1000000000 / want.rate : 0;
    epoll = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    run();
    print_all();
}
