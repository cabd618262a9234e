#pragma once
/* The command line of both programs: one table gives the parser, --help and the manual. */
#include "base/hostport.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    LISTENS_MAX = 16,  /* more ports than anyone opens by hand */
    CALLS_MAX = 64,    /* people called from the command line: a class room */
    NAME_BYTES = 64,   /* of a person or a mesh: it fits a sidebar and a frame */
    SECRET_BYTES = 16, /* of a mesh secret: 128 bits */
};

enum program_kind { PROGRAM_SCREEN = 1, PROGRAM_DAEMON = 2 };

struct program {
    enum program_kind kind;
    const char *name;
    const char *face; /* the library it draws with, and its version; NULL without a screen */
};

struct options {
    const char *name; /* NULL: the login name */
    struct hostport listens[LISTENS_MAX];
    size_t listen_count; /* 0: the default ports */
    struct hostport calls[CALLS_MAX];
    size_t call_count;
    const char *home; /* NULL: the XDG folders */
    const char *mesh;
    const char *secret_file;
    const char *transcript;
    const char *scan_range; /* NULL: the default range, when scan */
    bool scan;
    bool classic;
    bool no_guests;
    bool no_beacon;
    bool no_sandbox;
    bool plain;
    bool demo;
    bool doctor;
    bool json; /* the doctor's words */
    bool exit_on_eof;
    bool write_config;
    int verbose;    /* 0: no debug log */
    bool log_texts; /* with the words in it */
};

enum options_verdict {
    OPTIONS_RUN,   /* go on */
    OPTIONS_DONE,  /* what was asked for has been printed: leave with 0 */
    OPTIONS_WRONG, /* one line on stderr said why: leave with 2 */
};

/* What help says of one option. */
struct option_about {
    int letter; /* 0: none */
    const char *name;
    const char *value; /* N_(): what its value is called; NULL: it takes none */
    unsigned programs; /* bits of program_kind */
    const char *help;  /* N_(): no full stop */
};

/* The index-th of all, in the order of --help; false past the last. */
bool option_at(size_t index, struct option_about *into);

/* Strings point into argv, whose order may change. */
enum options_verdict options_parse(struct options *into, const struct program *program, int argc,
                                   char **argv) __attribute__((warn_unused_result));
