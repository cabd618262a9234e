/* Cells: nothing is written outside, and no cluster is ever halved. */
#include "unit.h"

#include "ui/grid.h"

#include <string.h>

static int row_width(const struct grid *grid, int row)
{
    int width = 0;
    for (int column = 0; column < grid->columns; column++)
        width += grid_cell(grid, row, column)->width;
    return width;
}

static void wide_clusters_fill_two_cells(void **state)
{
    (void)state;
    struct grid grid;
    grid_init(&grid);
    grid_clear(&grid, 2, 6);
    assert_int_equal(grid_put(&grid, 0, 0, STYLE_TEXT, "a中e\u0301"), 4);
    assert_string_equal(grid_cell(&grid, 0, 1)->text, "中");
    assert_int_equal(grid_cell(&grid, 0, 1)->width, 2);
    assert_int_equal(grid_cell(&grid, 0, 2)->width, 0);
    assert_string_equal(grid_cell(&grid, 0, 3)->text, "e\u0301");
    assert_int_equal(row_width(&grid, 0), 6);
    grid_done(&grid);
}

static void writing_over_half_a_cluster_takes_the_other(void **state)
{
    (void)state;
    struct grid grid;
    grid_init(&grid);
    grid_clear(&grid, 1, 6);
    grid_put(&grid, 0, 0, STYLE_TEXT, "中中中");
    grid_put(&grid, 0, 1, STYLE_TEXT, "xy");
    assert_string_equal(grid_cell(&grid, 0, 0)->text, " ");
    assert_string_equal(grid_cell(&grid, 0, 1)->text, "x");
    assert_string_equal(grid_cell(&grid, 0, 3)->text, " ");
    assert_int_equal(row_width(&grid, 0), 6);
    grid_put(&grid, 0, 3, STYLE_TEXT, "字");
    assert_int_equal(row_width(&grid, 0), 6);
    grid_done(&grid);
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
    (void)state;
    struct grid grid;
    grid_init(&grid);
    grid_clear(&grid, 1, 4);
    assert_int_equal(grid_put(&grid, 0, 0, STYLE_TEXT, "abc中"), 3);
    assert_string_equal(grid_cell(&grid, 0, 3)->text, " ");
    assert_int_equal(grid_put(&grid, 0, 4, STYLE_TEXT, "x"), 4);
    grid_put(&grid, 1, 0, STYLE_TEXT, "below");
    grid_put(&grid, -1, 0, STYLE_TEXT, "above");
    grid_row_style(&grid, 7, STYLE_BAR);
    assert_string_equal(grid_cell(&grid, 0, 0)->text, "a");
    grid_done(&grid);
}

static void sizes_are_cut_down_to_the_bounds(void **state)
{
    (void)state;
    struct grid grid;
    grid_init(&grid);
    grid_clear(&grid, 100000, 100000);
    assert_int_equal(grid.rows, GRID_ROWS_MAX);
    assert_int_equal(grid.columns, GRID_COLUMNS_MAX);
    grid_clear(&grid, 0, -5);
    assert_int_equal(grid.rows, 1);
    assert_int_equal(grid.columns, 1);
    grid_done(&grid);
}

static void what_does_not_fit_ends_in_an_ellipsis(void **state)
{
    (void)state;
    struct grid grid;
    grid_init(&grid);
    grid_clear(&grid, 1, 8);
    assert_int_equal(grid_fit(&grid, 0, 1, 6, STYLE_TEXT, "中文字"), 6);
    assert_string_equal(grid_cell(&grid, 0, 3)->text, "文");
    assert_string_equal(grid_cell(&grid, 0, 5)->text, "…");
    assert_int_equal(grid_fit(&grid, 0, 1, 7, STYLE_TEXT, "中文字"), 7);
    assert_string_equal(grid_cell(&grid, 0, 5)->text, "字");
    assert_int_equal(grid_fit(&grid, 0, 8, 20, STYLE_TEXT, "x"), 8);
    assert_int_equal(row_width(&grid, 0), 8);
    grid_done(&grid);
}

/* Even if nobody had cleaned it. */
static void what_acts_on_terminals_never_gets_in(void **state)
{
    (void)state;
    struct grid grid;
    char huge[400] = "o";
    grid_init(&grid);
    grid_clear(&grid, 1, 8);
    assert_int_equal(grid_put(&grid, 0, 0, STYLE_TEXT, "a\x1b[\x7f\r\n\xff\xc2\x9bz"), 3);
    assert_string_equal(grid_cell(&grid, 0, 1)->text, "[");
    assert_string_equal(grid_cell(&grid, 0, 2)->text, "z");
    for (size_t i = 1; i + 2 < sizeof huge; i += 2)
        memcpy(huge + i, "\u0301", 2);
    assert_int_equal(grid_put(&grid, 0, 4, STYLE_TEXT, huge), 5);
    assert_int_equal(grid_cell(&grid, 0, 4)->bytes, CELL_BYTES - 1);
    grid_done(&grid);
}

static void blanks_take_whole_clusters(void **state)
{
    (void)state;
    struct grid grid;
    grid_init(&grid);
    grid_clear(&grid, 1, 8);
    grid_put(&grid, 0, 0, STYLE_TEXT, "中中中中");
    grid_blank(&grid, 0, 1, 5, STYLE_MENU);
    assert_int_equal(row_width(&grid, 0), 8);
    assert_string_equal(grid_cell(&grid, 0, 0)->text, " ");
    assert_string_equal(grid_cell(&grid, 0, 5)->text, " ");
    assert_string_equal(grid_cell(&grid, 0, 6)->text, "中");
    assert_int_equal(grid_cell(&grid, 0, 4)->style, STYLE_MENU);
    grid_blank(&grid, 0, -3, 99, STYLE_TEXT);
    grid_blank(&grid, 3, 0, 9, STYLE_TEXT);
    assert_string_equal(grid_cell(&grid, 0, 6)->text, " ");
    assert_true(cell_equal(grid_cell(&grid, 0, 6), grid_cell(&grid, 0, 1)));
    grid_cell(&grid, 0, 6)->style = STYLE_BAR;
    assert_false(cell_equal(grid_cell(&grid, 0, 6), grid_cell(&grid, 0, 1)));
    grid_done(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wide_clusters_fill_two_cells),
        cmocka_unit_test(writing_over_half_a_cluster_takes_the_other),
        cmocka_unit_test(what_does_not_fit_is_left_out_whole),
        cmocka_unit_test(sizes_are_cut_down_to_the_bounds),
        cmocka_unit_test(what_does_not_fit_ends_in_an_ellipsis),
        cmocka_unit_test(what_acts_on_terminals_never_gets_in),
        cmocka_unit_test(blanks_take_whole_clusters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
