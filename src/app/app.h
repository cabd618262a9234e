#pragma once
/* A running node with its loop, for whichever face is put on it. */
#include "app/options.h"
#include "core/model.h"

struct app;

/* Takes over what the options say. */
struct app *app_new(const struct options *options);
void app_free(struct app *app);

/* Runs until somebody leaves; then the exit status. */
int app_run(struct app *app);
/* Ends app_run at the end of this turn of the loop. */
void app_leave(struct app *app);

const struct model *app_model(const struct app *app);
struct loop *app_loop(struct app *app);

/* 0, 1 and 2 are open afterwards, so that no descriptor of ours is ever taken for one of them. To
 * be called first. */
void app_descriptors_guard(void);
