/* A request is a datagram each way, on a pair of sockets for each kind, so that nobody waits for
 * another's answer. The clerk holds one unfinished file at most. */
#include "app/clerk.h"

#include "app/confine.h"
#include "app/export_form.h"
#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum desk { DESK_PAPERS, DESK_TRANSCRIPT, DESK_HOLDERS, DESKS };

enum wish { WISH_BEGIN, WISH_NAME, WISH_DROP, WISH_TRANSCRIPT, WISH_HOLDER };

struct request {
    enum wish wish;
    uint16_t port;
    bool udp;
    char path[CLERK_PATH];
};

struct reply {
    int error;
    struct holder holder;
};

struct clerk {
    pid_t process;
    int desks[DESKS];
    const char *transcript;
};

struct clerk_paper {
    struct clerk *clerk; /* NULL: done here */
    char *path;
    char *temporary; /* NULL: the clerk's, or it has its name */
    int descriptor;
};

/* ---- files -----------------------------------------------------------------------------------*/

/* A name that nobody has, in the folder where the file is to stand. */
static char *temporary_name(const char *path)
{
    static const char NAME[] = ".tertulia-XXXXXX";
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
    char *name = xmalloc(folder + sizeof NAME);
    memcpy(name, path, folder);
    memcpy(name + folder, NAME, sizeof NAME);
    return name;
}

static struct clerk_paper *paper_new(struct clerk *clerk, const char *path)
{
    struct clerk_paper *paper = xcalloc(1, sizeof *paper);
    paper->clerk = clerk;
    paper->path = xstrdup(path);
    paper->descriptor = -1;
    return paper;
}

static void paper_free(struct clerk_paper *paper)
{
    if (paper->descriptor >= 0)
        close(paper->descriptor);
    free(paper->temporary);
    free(paper->path);
    free(paper);
}

static struct clerk_paper *paper_begin(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0) {
        errno = EEXIST;
        return NULL;
    }
    struct clerk_paper *paper = paper_new(NULL, path);
    paper->temporary = temporary_name(path);
    paper->descriptor = mkostemp(paper->temporary, O_CLOEXEC);
    if (paper->descriptor >= 0)
        return paper;
    int error = errno;
    paper_free(paper);
    errno = error;
    return NULL;
}

/* Where there are no hard links, as on most USB sticks, the kernel can do it in another way. */
static int rename_new(const char *from, const char *to)
{
#ifdef RENAME_NOREPLACE
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EEXIST)
        return -1;
#endif
    if (link(from, to) != 0)
        return -1;
    (void)unlink(from);
    return 0;
}

static int paper_name(struct clerk_paper *paper)
{
    if (rename_new(paper->temporary, paper->path) != 0)
        return errno;
    free(paper->temporary);
    paper->temporary = NULL;
    return 0;
}

static void paper_drop(struct clerk_paper *paper)
{
    if (paper->temporary)
        (void)unlink(paper->temporary);
    paper_free(paper);
}

static int transcript_file(const char *path)
{
    return open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
}

#ifdef __linux__
/* ---- one datagram, with a descriptor ---------------------------------------------------------*/

union passage {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

/* `descriptor` is passed on where it is one. */
static bool message_send(int desk, const void *bytes, size_t size, int descriptor)
{
    union passage passage = {0};
    struct iovec part = {(void *)bytes, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;
    if (descriptor >= 0) {
        message.msg_control = passage.bytes;
        message.msg_controllen = sizeof passage.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                                   .cmsg_type = SCM_RIGHTS,
                                   .cmsg_len = CMSG_LEN(sizeof descriptor)};
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    do {
        sent = sendmsg(desk, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size;
}

static bool message_take(int desk, void *bytes, size_t size, int *descriptor)
{
    union passage passage = {0};
    struct iovec part = {bytes, size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = passage.bytes,
                             .msg_controllen = sizeof passage.bytes};
    ssize_t got;
    do {
        got = recvmsg(desk, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    *descriptor = -1;
    if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
    return got == (ssize_t)size;
}

/* ---- the clerk's side ------------------------------------------------------------------------*/

/* What it has in hand; the main program is not trusted here. */
struct office {
    int desks[DESKS];
    const char *transcript;
    struct clerk_paper *paper;
};

static int office_begin(struct office *office, const char *path, int *descriptor)
{
    if (office->paper)
        paper_drop(office->paper);
    office->paper = NULL;
    if (!export_form_of(path))
        return EACCES;
    office->paper = paper_begin(path);
    if (!office->paper)
        return errno;
    *descriptor = office->paper->descriptor;
    return 0;
}

static int office_name(struct office *office)
{
    int error = office->paper ? paper_name(office->paper) : EINVAL;
    if (office->paper)
        paper_drop(office->paper);
    office->paper = NULL;
    return error;
}

static struct reply office_do(struct office *office, const struct request *request, int *descriptor)
{
    struct reply reply = {.error = EACCES};
    switch (request->wish) {
    case WISH_BEGIN:
        reply.error = office_begin(office, request->path, descriptor);
        return reply;
    case WISH_NAME:
        reply.error = office_name(office);
        return reply;
    case WISH_DROP:
        if (office->paper)
            paper_drop(office->paper);
        office->paper = NULL;
        reply.error = 0;
        return reply;
    case WISH_TRANSCRIPT:
        *descriptor = office->transcript ? transcript_file(office->transcript) : -1;
        if (office->transcript)
            reply.error = *descriptor < 0 ? errno : 0;
        return reply;
    case WISH_HOLDER:
        reply = (struct reply){0, machine_holder(request->port, request->udp)};
        return reply;
    }
    return reply;
}

/* False: the program is gone. */
static bool office_serve(struct office *office, int desk)
{
    struct request request;
    int given, descriptor = -1;
    if (!message_take(desk, &request, sizeof request, &given))
        return false;
    if (given >= 0)
        close(given); /* nothing is to be given here */
    request.path[sizeof request.path - 1] = '\0';
    struct reply reply = office_do(office, &request, &descriptor);
    bool sent = message_send(desk, &reply, sizeof reply, descriptor);
    if (request.wish == WISH_TRANSCRIPT && descriptor >= 0)
        close(descriptor);
    return sent;
}

static void office_run(struct office *office)
{
    struct pollfd desks[DESKS];
    for (bool goes_on = true; goes_on;) {
        for (int i = 0; i < DESKS; i++)
            desks[i] = (struct pollfd){office->desks[i], POLLIN, 0};
        if (poll(desks, DESKS, -1) < 0 && errno != EINTR)
            break;
        for (int i = 0; i < DESKS && goes_on; i++)
            goes_on = desks[i].revents == 0 || office_serve(office, desks[i].fd);
    }
    if (office->paper)
        paper_drop(office->paper);
}

/* Nothing of the program's is held open, and no key of the terminal reaches it. */
static void office_withdraw(struct office *office)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    int most = 0;
    setsid();
    sigaction(SIGHUP, &ignored, NULL);
    sigaction(SIGINT, &ignored, NULL);
    sigaction(SIGTERM, &ignored, NULL);
    sigaction(SIGPIPE, &ignored, NULL);
    prctl(PR_SET_NAME, "tertulia-files");
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = STDIN_FILENO; null >= 0 && i <= STDERR_FILENO; i++)
        dup2(null, i);
    for (int i = 0; i < DESKS; i++)
        most = office->desks[i] > most ? office->desks[i] : most;
    for (int i = STDERR_FILENO + 1; i <= most; i++)
        if (i != office->desks[0] && i != office->desks[1] && i != office->desks[2])
            close(i);
    (void)confine_calls();
}

/* ---- the program's side ----------------------------------------------------------------------*/

static void pairs_close(int pairs[DESKS][2], int side)
{
    for (int i = 0; i < DESKS; i++)
        if (pairs[i][side] >= 0)
            close(pairs[i][side]);
}

struct clerk *clerk_new(const char *transcript)
{
    int pairs[DESKS][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    bool fine = true;
    for (int i = 0; i < DESKS && fine; i++)
        fine = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pairs[i]) == 0;
    pid_t process = fine ? fork() : -1;
    if (process == 0) {
        struct office office = {.transcript = transcript};
        for (int i = 0; i < DESKS; i++)
            office.desks[i] = pairs[i][1];
        pairs_close(pairs, 0);
        office_withdraw(&office);
        office_run(&office);
        _exit(EXIT_SUCCESS);
    }
    pairs_close(pairs, 1);
    if (process < 0) {
        pairs_close(pairs, 0);
        return NULL;
    }
    struct clerk *clerk = xcalloc(1, sizeof *clerk);
    clerk->process = process;
    for (int i = 0; i < DESKS; i++)
        clerk->desks[i] = pairs[i][0];
    return clerk;
}

void clerk_free(struct clerk *clerk)
{
    if (!clerk)
        return;
    for (int i = 0; i < DESKS; i++)
        close(clerk->desks[i]);
    while (waitpid(clerk->process, NULL, 0) < 0 && errno == EINTR)
        ;
    free(clerk);
}

static struct reply ask(struct clerk *clerk, enum desk desk, const struct request *request,
                        int *descriptor)
{
    struct reply reply = {0};
    *descriptor = -1;
    if (!message_send(clerk->desks[desk], request, sizeof *request, -1) ||
        !message_take(clerk->desks[desk], &reply, sizeof reply, descriptor))
        reply = (struct reply){.error = EPIPE};
    return reply;
}

#else
struct clerk *clerk_new(const char *transcript)
{
    (void)transcript;
    return NULL;
}

void clerk_free(struct clerk *clerk)
{
    (void)clerk;
}

static struct reply ask(struct clerk *clerk, enum desk desk, const struct request *request,
                        int *descriptor)
{
    (void)clerk;
    (void)desk;
    (void)request;
    *descriptor = -1;
    return (struct reply){.error = EPIPE};
}
#endif

struct clerk_paper *clerk_begin(struct clerk *clerk, const char *path)
{
    struct request request = {.wish = WISH_BEGIN};
    if (!clerk)
        return paper_begin(path);
    if (strlen(path) >= sizeof request.path) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    memcpy(request.path, path, strlen(path) + 1);
    struct clerk_paper *paper = paper_new(clerk, path);
    struct reply reply = ask(clerk, DESK_PAPERS, &request, &paper->descriptor);
    if (reply.error == 0 && paper->descriptor >= 0)
        return paper;
    paper_free(paper);
    errno = reply.error ? reply.error : EMFILE; /* it could not be handed over */
    return NULL;
}

int clerk_descriptor(const struct clerk_paper *paper)
{
    return paper->descriptor;
}

/* What the clerk is asked once it has begun a paper. */
static int paper_ask(struct clerk_paper *paper, enum wish wish)
{
    struct request request = {.wish = wish};
    int none;
    struct reply reply = ask(paper->clerk, DESK_PAPERS, &request, &none);
    if (none >= 0)
        close(none);
    return reply.error;
}

int clerk_end(struct clerk_paper *paper)
{
    int error = fsync(paper->descriptor) != 0 && errno != EINVAL ? errno : 0;
    if (close(paper->descriptor) != 0 && !error)
        error = errno;
    paper->descriptor = -1;
    if (!error)
        error = paper->clerk ? paper_ask(paper, WISH_NAME) : paper_name(paper);
    else if (paper->clerk)
        (void)paper_ask(paper, WISH_DROP);
    paper_drop(paper);
    return error;
}

void clerk_drop(struct clerk_paper *paper)
{
    if (!paper)
        return;
    if (paper->clerk)
        (void)paper_ask(paper, WISH_DROP);
    paper_drop(paper);
}

int clerk_transcript(struct clerk *clerk, const char *path)
{
    struct request request = {.wish = WISH_TRANSCRIPT};
    int descriptor;
    if (!clerk)
        return transcript_file(path);
    struct reply reply = ask(clerk, DESK_TRANSCRIPT, &request, &descriptor);
    if (descriptor < 0)
        errno = reply.error ? reply.error : EMFILE;
    return descriptor;
}

struct holder clerk_holder(struct clerk *clerk, uint16_t port, bool udp)
{
    struct request request = {.wish = WISH_HOLDER, .port = port, .udp = udp};
    int none;
    if (!clerk)
        return machine_holder(port, udp);
    struct reply reply = ask(clerk, DESK_HOLDERS, &request, &none);
    if (none >= 0)
        close(none);
    reply.holder.name[sizeof reply.holder.name - 1] = '\0';
    return reply.holder;
}
