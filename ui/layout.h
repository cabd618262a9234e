#pragma once
/* Draws the model into a grid. Pure: the same model and size give the same cells. */
#include "core/model.h"
#include "ui/grid.h"

/* The grid has its size already (grid_clear). */
void layout_draw(struct grid *grid, const struct model *model);
