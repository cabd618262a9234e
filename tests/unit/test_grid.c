/* Cells: nothing is written outside, and no cluster is ever halved. */
#include "unit.h"

#include "ui/grid.h"
#include "ui/layout.h"

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

static void the_layout_holds_in_every_size(void **state)
{
    (void)state;
    const struct model model = {.name = "名前名前e\u0301", .room = "#everyone"};
    struct grid grid;
    grid_init(&grid);
    for (int rows = 1; rows < 30; rows++)
        for (int columns = 1; columns < 90; columns++) {
            grid_clear(&grid, rows, columns);
            layout_draw(&grid, &model);
            for (int row = 0; row < rows; row++)
                assert_int_equal(row_width(&grid, row), columns);
            assert_in_range(grid.cursor_column, 0, columns - 1);
            assert_int_equal(grid.cursor_row, rows - 1);
        }
    grid_clear(&grid, 24, 80);
    layout_draw(&grid, &model);
    assert_string_equal(grid_cell(&grid, 0, 1)->text, "t");
    assert_string_equal(grid_cell(&grid, 0, 12)->text, "名");
    assert_string_equal(grid_cell(&grid, 0, 70)->text, "#");
    assert_string_equal(grid_cell(&grid, 23, 0)->text, "名");
    grid_done(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wide_clusters_fill_two_cells),
        cmocka_unit_test(writing_over_half_a_cluster_takes_the_other),
        cmocka_unit_test(what_does_not_fit_is_left_out_whole),
        cmocka_unit_test(sizes_are_cut_down_to_the_bounds),
        cmocka_unit_test(the_layout_holds_in_every_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
