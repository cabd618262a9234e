/* Whispers that take long to open, for a real program: preloaded (LD_PRELOAD), each key that it
 * makes with another waits a third of a second first. */
#include <dlfcn.h>
#include <string.h>
#include <time.h>

int crypto_box_beforenm(unsigned char *made, const unsigned char *theirs, const unsigned char *ours)
{
    static int (*real)(unsigned char *, const unsigned char *, const unsigned char *);
    struct timespec wait = {.tv_nsec = 333000000};
    void *found = dlsym(RTLD_NEXT, "crypto_box_beforenm");
    memcpy(&real, &found, sizeof real);
    nanosleep(&wait, NULL);
    return real(made, theirs, ours);
}
