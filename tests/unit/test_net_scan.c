/* Scans of loopback: 127.0.1.0/24 on ports where real sockets listen, and nothing else. */
#include "net_world.h"

#include "net/scan.h"

#include <sys/resource.h>

enum { PORTS = 16, OPEN_MAX_HERE = 64, PATIENCE_MS = 60 };

static struct links *links;
static struct scan *scan;
static uint16_t ports[PORTS];
static struct scan_block block;
static bool done;
static size_t open_count, most_handed, handed;
static struct {
    struct address address;
    char said[32];
    bool ended;
} opened[OPEN_MAX_HERE];
static struct link *kept[OPEN_MAX_HERE];
static bool keeps; /* the links, until the test lets them go */
static uint64_t tried_last;

static uint32_t on_patience(void *self, uint16_t port)
{
    assert_ptr_equal(self, &scan);
    assert_true(port != 0);
    return PATIENCE_MS;
}

static void on_open(void *self, const struct scan_open *open)
{
    assert_ptr_equal(self, &scan);
    assert_false(done);
    assert_true(open_count < OPEN_MAX_HERE);
    opened[open_count].address = open->address;
    opened[open_count].ended = !open->link;
    memset(opened[open_count].said, 0, sizeof opened[open_count].said);
    memcpy(opened[open_count].said, open->bytes, open->size < 31 ? open->size : 31);
    kept[open_count++] = open->link;
    if (!open->link)
        return;
    assert_true(address_equal(link_address(open->link), &open->address));
    assert_true(link_dialled(open->link));
    handed++;
    if (handed > most_handed)
        most_handed = handed;
    if (keeps)
        return;
    link_free(open->link);
    kept[open_count - 1] = NULL;
    handed--;
    scan_release(scan);
}

static void on_done(void *self)
{
    (void)self;
    assert_false(done);
    done = true;
}

static const struct scan_calls SCAN = {on_patience, on_open, on_done};

static int before_all;

static int start(void **state)
{
    (void)state;
    before_all = descriptors();
    world_open();
    links = links_new(loop, NULL, LINK_LIMITS);
    done = keeps = false;
    open_count = most_handed = handed = 0;
    tried_last = 0;
    /* Sixteen ports in a row of which nobody uses any, for all we know. */
    uint16_t base = 0;
    close(stranger_listens("127.0.1.1", 1, &base));
    base = (uint16_t)(base > 60000 ? base - 100 : base);
    for (uint16_t i = 0; i < PORTS; i++)
        ports[i] = (uint16_t)(base + i);
    block = (struct scan_block){local("127.0.1.0", 0), 256, ports, PORTS};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    scan_free(scan);
    scan = NULL;
    for (size_t i = 0; i < open_count; i++)
        link_free(kept[i]);
    links_free(links);
    world_close();
    assert_int_equal(descriptors(), before_all);
    return 0;
}

static void scan_start(struct scan_limits limits)
{
    scan = scan_new(links, &block, 1, limits, &SCAN, &scan);
    assert_false(done);
}

static bool grows(void)
{
    struct scan_progress now = scan_progress(scan);
    assert_true(now.tried >= tried_last && now.tried <= now.total);
    tried_last = now.tried;
    return true;
}

static void until_done(void)
{
    UNTIL(grows() && done);
    struct scan_progress now = scan_progress(scan);
    assert_int_equal(now.tried, now.total);
}

static bool was_found(const char *host, uint16_t port)
{
    struct address wanted = local(host, port);
    size_t times = 0;
    for (size_t i = 0; i < open_count; i++)
        times += address_equal(&opened[i].address, &wanted);
    assert_true(times <= 1);
    return times == 1;
}

static void all_ten_are_found(void **state)
{
    (void)state;
    static const int HOSTS[] = {1, 7, 31, 58, 83, 101, 150, 188, 211, 254};
    int fds[10];
    char text[10][20];
    for (int i = 0; i < 10; i++) {
        snprintf(text[i], sizeof text[i], "127.0.1.%d", HOSTS[i]);
        fds[i] = stranger_listens(text[i], 5, &ports[(i * 5) % PORTS]);
    }
    uint64_t began = loop_mono_ms(loop);
    scan_start((struct scan_limits){0, 64});
    until_done();
    assert_in_range(loop_mono_ms(loop) - began, PATIENCE_MS, 20000);
    assert_int_equal(open_count, 10);
    for (int i = 0; i < 10; i++) {
        assert_true(was_found(text[i], ports[(i * 5) % PORTS]));
        assert_false(opened[i].ended);
        assert_string_equal(opened[i].said, "");
        close(fds[i]);
    }
    struct scan_progress now = scan_progress(scan);
    assert_int_equal(now.total, 4096);
    assert_int_equal(now.open, 10);
    assert_true(now.alive >= 254);
}

/* Closed ones answer, so they are not tried again: that is what makes it quick. */
static void nobody_is_there_and_it_ends(void **state)
{
    (void)state;
    uint64_t began = loop_mono_ms(loop);
    scan_start((struct scan_limits){0, 64});
    until_done();
    assert_int_equal(open_count, 0);
    assert_true(loop_mono_ms(loop) - began < 20000);
}

static int listener_at(const char *host, uint16_t *port)
{
    return stranger_listens(host, 5, port);
}

static bool accepted(int fd, int *into)
{
    if (*into < 0)
        *into = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return *into >= 0;
}

static void first_words_are_seen_and_stay_on_the_link(void **state)
{
    (void)state;
    int fd = listener_at("127.0.1.5", &ports[0]), quick = listener_at("127.0.1.6", &ports[1]);
    int one = -1, other = -1;
    block.first = local("127.0.1.5", 0);
    block.hosts = 2;
    keeps = true;
    scan_start((struct scan_limits){0, 64});
    UNTIL(accepted(fd, &one) && accepted(quick, &other));
    stranger_says(one, "Vecino 3", 8);
    close(other);
    until_done();
    assert_int_equal(open_count, 2);
    size_t speaks = opened[0].said[0] ? 0 : 1;
    assert_string_equal(opened[speaks].said, "Vecino 3");
    assert_false(opened[speaks].ended);
    assert_true(opened[1 - speaks].ended);
    assert_true(was_found("127.0.1.6", ports[1]));
    close(one);
    close(fd);
    close(quick);
}

static struct buf heard;
static bool ended;

static void on_link_up(void *self, const uint8_t *peer, const uint8_t *exported)
{
    (void)peer;
    (void)exported;
    assert_true(link_send(self, "--name", 6));
}

static void on_link_bytes(void *self, const uint8_t *bytes, size_t size)
{
    (void)self;
    assert_true(buf_add(&heard, bytes, size));
}

static void on_link_down(void *self, enum link_down why)
{
    (void)self;
    (void)why;
    ended = true;
}

static void a_link_that_was_handed_over_is_whole(void **state)
{
    (void)state;
    static const struct link_calls PLAIN = {NULL, on_link_up, on_link_bytes, NULL, on_link_down};
    int fd = listener_at("127.0.1.5", &ports[0]), one = -1;
    char text[16] = "";
    buf_init(&heard, 100);
    block.first = local("127.0.1.5", 0);
    block.hosts = 1;
    keeps = true;
    ended = false;
    scan_start((struct scan_limits){0, 64});
    UNTIL(accepted(fd, &one));
    stranger_says(one, "hello", 5);
    until_done();
    assert_int_equal(stranger_hears(one, text, sizeof text), -1); /* nothing was said */
    link_start(kept[0], LINK_PLAIN, &PLAIN, kept[0]);
    UNTIL(heard.length == 5);
    assert_memory_equal(buf_bytes(&heard), "hello", 5);
    UNTIL(stranger_hears(one, text, sizeof text) == 6);
    close(one);
    UNTIL(ended);
    kept[0] = NULL;
    buf_done(&heard);
    close(fd);
}

static void who_holds_links_gets_no_more(void **state)
{
    (void)state;
    int fds[6];
    for (int i = 0; i < 6; i++)
        fds[i] = listener_at("127.0.1.9", &ports[i]);
    keeps = true;
    block.first = local("127.0.1.9", 0);
    block.hosts = 1;
    scan_start((struct scan_limits){0, 2});
    UNTIL(open_count == 2 && scan_progress(scan).open == 6);
    uint64_t until = loop_mono_ms(loop) + 3 * PATIENCE_MS;
    UNTIL(loop_mono_ms(loop) > until);
    assert_int_equal(open_count, 2);
    for (size_t i = 0; i < 6; i++) {
        UNTIL(open_count > i);
        link_free(kept[i]);
        kept[i] = NULL;
        handed--;
        scan_release(scan);
    }
    until_done();
    assert_int_equal(open_count, 6);
    assert_int_equal(most_handed, 2);
    for (int i = 0; i < 6; i++)
        close(fds[i]);
}

/* A listener whose queue is full drops what else comes: silence, as behind a firewall. */
static int deaf_listener(const char *host, uint16_t *port, int fillers[4])
{
    int fd = stranger_listens(host, 0, port);
    struct address address = local(host, *port);
    for (int i = 0; i < 4; i++)
        fillers[i] = stranger_call(&address);
    return fd;
}

static void a_silent_port_of_a_living_host_is_tried_until_it_answers(void **state)
{
    (void)state;
    int fillers[4], taken = -1;
    int fd = deaf_listener("127.0.1.44", &ports[3], fillers);
    uint64_t began = loop_mono_ms(loop);
    block.first = local("127.0.1.44", 0);
    block.hosts = 1;
    scan_start((struct scan_limits){0, 64});
    /* Two tries are over, the third is not. */
    UNTIL(grows() && scan_progress(scan).tried == PORTS - 1 &&
          loop_mono_ms(loop) > began + 3 * SCAN_FLOOR_MS + 20);
    assert_int_equal(open_count, 0);
    assert_false(done);
    for (int i = 0; i < 4; i++) {
        while ((taken = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
            close(taken);
        close(fillers[i]);
    }
    while ((taken = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
        close(taken);
    UNTIL(grows() && open_count == 1);
    until_done();
    assert_true(was_found("127.0.1.44", ports[3]));
    close(fd);
}

static void a_silent_host_is_given_up_in_time(void **state)
{
    (void)state;
    int fillers[4];
    ports[0] = 0;
    int fd = deaf_listener("127.0.1.44", &ports[0], fillers);
    uint64_t began = loop_mono_ms(loop);
    block.first = local("127.0.1.44", 0);
    block.hosts = 1;
    block.port_count = 1;
    scan_start((struct scan_limits){0, 64});
    until_done();
    assert_in_range(loop_mono_ms(loop) - began, 6 * SCAN_START_MS - 100, 20000);
    assert_int_equal(open_count, 0);
    assert_int_equal(scan_progress(scan).alive, 0);
    for (int i = 0; i < 4; i++)
        close(fillers[i]);
    close(fd);
}

static void few_open_files_make_it_slower_and_no_less(void **state)
{
    (void)state;
    struct rlimit before, few;
    int fds[3];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = few.rlim_max = 64; /* both: it cannot be raised, but by root, who may again */
    for (int i = 0; i < 3; i++)
        fds[i] = listener_at("127.0.1.200", &ports[5 * i]);
    block.first = local("127.0.1.192", 0);
    block.hosts = 16;
    if (setrlimit(RLIMIT_NOFILE, &few) != 0)
        skip();
    scan_start((struct scan_limits){0, 64});
    until_done();
    bool back = setrlimit(RLIMIT_NOFILE, &before) == 0;
    assert_int_equal(open_count, 3);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    if (!back)
        print_message("# the limit of open files stays at 64\n");
}

/* Every descriptor is taken by somebody else for a while. */
static void no_open_file_at_all_is_waited_out(void **state)
{
    (void)state;
    struct rlimit before, few;
    int fd = listener_at("127.0.1.200", &ports[2]), fillers[64], count = 0;
    block.first = local("127.0.1.200", 0);
    block.hosts = 1;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    scan_start((struct scan_limits){0, 64});
    few = before;
    few.rlim_cur = (rlim_t)descriptors() + 8;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (count < 64 && (fillers[count] = dup(fd)) >= 0)
        count++;
    uint64_t until = loop_mono_ms(loop) + 200;
    UNTIL(loop_mono_ms(loop) > until);
    assert_false(done);
    assert_int_equal(open_count, 0);
    while (count > 0)
        close(fillers[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    until_done();
    assert_int_equal(open_count, 1);
    close(fd);
}

static void it_stops_at_once(void **state)
{
    (void)state;
    int fd = listener_at("127.0.1.77", &ports[9]);
    scan_start((struct scan_limits){0, 64});
    UNTIL(scan_progress(scan).tried > 100 || done);
    scan_free(scan);
    scan = NULL;
    size_t count = open_count;
    turn();
    assert_int_equal(open_count, count);
    close(fd);
}

static void it_stops_with_everything_under_way(void **state)
{
    (void)state;
    int fillers[4], fd = deaf_listener("127.0.1.44", &ports[3], fillers);
    int other = listener_at("127.0.1.45", &ports[4]), third = listener_at("127.0.1.45", &ports[5]);
    keeps = true;
    block.first = local("127.0.1.44", 0);
    block.hosts = 2;
    scan_start((struct scan_limits){0, 1});
    UNTIL(open_count == 1 && scan_progress(scan).open == 2);
    scan_free(scan);
    scan = NULL;
    for (int i = 0; i < 4; i++)
        close(fillers[i]);
    close(fd);
    close(other);
    close(third);
}

static void what_leads_nowhere_is_no_silence(void **state)
{
    (void)state;
    block.first =
        local("255.255.255.0", 0); /* the last of them is everyone, where TCP never goes */
    block.first.ip[15] = 255;
    block.hosts = 1;
    uint64_t began = loop_mono_ms(loop);
    scan_start((struct scan_limits){0, 64});
    until_done();
    assert_true(loop_mono_ms(loop) - began < 10000);
    assert_int_equal(open_count, 0);
}

static void several_blocks_and_hardly_any_room(void **state)
{
    (void)state;
    struct scan_block blocks[3] = {block, block, block};
    int a = listener_at("127.0.1.30", &ports[1]), b = listener_at("127.0.2.3", &ports[15]);
    blocks[0].first = local("127.0.1.30", 0);
    blocks[0].hosts = 1;
    blocks[0].port_count = 2;
    blocks[1].first = local("127.0.2.1", 0);
    blocks[1].hosts = 5;
    blocks[2].first = local("127.0.3.255", 0); /* counts on into 127.0.4.0 */
    blocks[2].hosts = 3;
    int c = listener_at("127.0.4.1", &ports[0]);
    scan = scan_new(links, blocks, 3, (struct scan_limits){1, 1}, &SCAN, &scan);
    until_done();
    assert_int_equal(open_count, 3);
    assert_true(was_found("127.0.1.30", ports[1]));
    assert_true(was_found("127.0.2.3", ports[15]));
    assert_true(was_found("127.0.4.1", ports[0]));
    assert_int_equal(scan_progress(scan).total, 2 + 5 * 16 + 3 * 16);
    close(a);
    close(b);
    close(c);
}

static void a_scan_of_no_blocks_is_over(void **state)
{
    (void)state;
    scan = scan_new(links, NULL, 0, (struct scan_limits){0, 1}, &SCAN, &scan);
    until_done();
    scan_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_ten_are_found, start, stop),
        cmocka_unit_test_setup_teardown(nobody_is_there_and_it_ends, start, stop),
        cmocka_unit_test_setup_teardown(first_words_are_seen_and_stay_on_the_link, start, stop),
        cmocka_unit_test_setup_teardown(a_link_that_was_handed_over_is_whole, start, stop),
        cmocka_unit_test_setup_teardown(who_holds_links_gets_no_more, start, stop),
        cmocka_unit_test_setup_teardown(a_silent_port_of_a_living_host_is_tried_until_it_answers,
                                        start, stop),
        cmocka_unit_test_setup_teardown(a_silent_host_is_given_up_in_time, start, stop),
        cmocka_unit_test_setup_teardown(no_open_file_at_all_is_waited_out, start, stop),
        cmocka_unit_test_setup_teardown(it_stops_at_once, start, stop),
        cmocka_unit_test_setup_teardown(it_stops_with_everything_under_way, start, stop),
        cmocka_unit_test_setup_teardown(what_leads_nowhere_is_no_silence, start, stop),
        cmocka_unit_test_setup_teardown(several_blocks_and_hardly_any_room, start, stop),
        cmocka_unit_test_setup_teardown(a_scan_of_no_blocks_is_over, start, stop),
        cmocka_unit_test_setup_teardown(few_open_files_make_it_slower_and_no_less, start, stop),
    };
    return cmocka_run_group_tests_name("scan", tests, contexts_make, contexts_free);
}
