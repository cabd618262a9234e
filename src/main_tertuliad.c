/*~ The program with no screen: the same node, spoken to in lines. Compare main.c; what they have in
 * common is below app. */
#include "app/app.h"
#include "app/consult.h"
#include "app/headless.h"
#include "app/i18n.h"

int main(int argc, char **argv)
{
    static const struct program program = {PROGRAM_DAEMON, "tertuliad", NULL};
    struct options options;
    app_descriptors_guard();
    i18n_start();
    switch (options_parse(&options, &program, argc, argv)) {
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_WRONG:
        return 2;
    case OPTIONS_RUN:
        break;
    }
    return options.doctor ? consult(&options) : headless_run(&options);
}
