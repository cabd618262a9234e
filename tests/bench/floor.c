/* The floor: a program in a terminal that does nothing but the thing itself. It draws one screen,
 * echoes what is typed, and shows the lines that a server sends, at most 60 times a second:
 *
 *     floor [PORT]
 *
 * It signs, checks, stores, orders and wraps nothing, so what a chat takes beyond it is what those
 * cost. The server is irc.py; of IRC it knows what that needs. */
#define _XOPEN_SOURCE_EXTENDED 1
#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>
#include <wchar.h>

enum { LINES_KEPT = 512, LINE_MOST = 512, INPUT_MOST = 256, FRAME_MS = 16 };

static struct {
    uv_loop_t loop;
    uv_poll_t keys;
    uv_timer_t frame;
    uv_tcp_t server;
    char lines[LINES_KEPT][LINE_MOST];
    size_t line_count;
    wchar_t input[INPUT_MOST];
    int input_size;
    char heard[65536];
    size_t heard_size;
} self;

static void draw_input(void)
{
    mvaddstr(LINES - 1, 0, "floor \xe2\x80\xba ");
    addnwstr(self.input, self.input_size);
    clrtoeol();
}

static void draw(void)
{
    size_t rows = (size_t)LINES - 2;
    size_t first = self.line_count > rows ? self.line_count - rows : 0;
    attron(A_REVERSE);
    mvprintw(0, 0, "%-*s", COLS, " floor");
    attroff(A_REVERSE);
    for (size_t row = 0; row < rows; row++) {
        move((int)row + 1, 0);
        if (first + row < self.line_count)
            addnstr(self.lines[(first + row) % LINES_KEPT], COLS);
        clrtoeol();
    }
    draw_input();
    refresh();
}

static void on_key(uv_poll_t *handle, int status, int events)
{
    wint_t key;
    (void)handle, (void)status, (void)events;
    while (get_wch(&key) != ERR) {
        if (key == 0x15)
            self.input_size = 0;
        else if (self.input_size < INPUT_MOST)
            self.input[self.input_size++] = (wchar_t)key;
    }
    draw_input();
    refresh();
}

static void on_frame(uv_timer_t *timer)
{
    (void)timer;
    draw();
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    free(write);
}

static void say(const char *text)
{
    size_t size = strlen(text);
    uv_write_t *write =
        calloc(1, sizeof *write + size); /* banned elsewhere: it links none of ours */
    if (!write)
        abort();
    memcpy(write + 1, text, size);
    uv_buf_t bytes = uv_buf_init((char *)(write + 1), (unsigned)size);
    uv_write(write, (uv_stream_t *)&self.server, &bytes, 1, on_written);
}

static void on_line(char *line)
{
    char *words = strstr(line, " PRIVMSG ");
    words = words ? strchr(words, ':') : NULL;
    if (strncmp(line, "PING ", 5) == 0) {
        line[1] = 'O';
        say(line);
        say("\n");
    } else if (words) {
        snprintf(self.lines[self.line_count++ % LINES_KEPT], LINE_MOST, "12:00 %.9s  %s", line + 1,
                 words + 1);
        if (!uv_is_active((uv_handle_t *)&self.frame))
            uv_timer_start(&self.frame, on_frame, FRAME_MS, 0);
    }
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *into)
{
    (void)handle, (void)size;
    *into = uv_buf_init(self.heard + self.heard_size,
                        (unsigned)(sizeof self.heard - self.heard_size - 1));
}

static void on_heard(uv_stream_t *stream, ssize_t size, const uv_buf_t *bytes)
{
    (void)bytes;
    if (size < 0) {
        uv_read_stop(stream);
        return;
    }
    self.heard_size += (size_t)size;
    char *line = self.heard, *end;
    while ((end = memchr(line, '\n', self.heard_size - (size_t)(line - self.heard)))) {
        *end = '\0';
        line[strcspn(line, "\r")] = '\0';
        on_line(line);
        line = end + 1;
    }
    self.heard_size -= (size_t)(line - self.heard);
    memmove(self.heard, line, self.heard_size);
}

static void on_server(uv_connect_t *call, int status)
{
    (void)call;
    if (status < 0)
        return;
    uv_read_start((uv_stream_t *)&self.server, on_room, on_heard);
    say("NICK floor\r\nUSER f 0 * :f\r\nJOIN #c\r\n");
}

static void on_term(int number)
{
    (void)number;
    endwin();
    _exit(0);
}

int main(int count, char **words)
{
    static uv_connect_t call;
    setlocale(LC_ALL, "");
    initscr();
    raw();
    noecho();
    nodelay(stdscr, TRUE);
    signal(SIGTERM, on_term);
    uv_loop_init(&self.loop);
    uv_timer_init(&self.loop, &self.frame);
    uv_poll_init(&self.loop, &self.keys, 0);
    uv_poll_start(&self.keys, UV_READABLE, on_key);
    draw();
    if (count > 1) {
        struct sockaddr_in address;
        uv_ip4_addr("127.0.0.1", (int)strtol(words[1], NULL, 10), &address);
        uv_tcp_init(&self.loop, &self.server);
        uv_tcp_nodelay(&self.server, 1);
        uv_tcp_connect(&call, &self.server, (const struct sockaddr *)&address, on_server);
    }
    return uv_run(&self.loop, UV_RUN_DEFAULT);
}
