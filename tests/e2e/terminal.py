"""A terminal as libvterm has it, through ctypes: bytes go in, cells can be looked at, and keys and
pastes come out as a terminal in these modes sends them.

libvterm knows xterm's ways, and neither joined emoji nor flags: it shows them in their parts.
"""
import ctypes
import ctypes.util

ALTSCREEN, MOUSE = 3, 8  # of VTermProp
CURSOR_SHOWN = 1
CHARS = 6  # of a cell
DEFAULT_FRONT, DEFAULT_BACK = 2, 4  # bits of a colour's type
INDEXED = 1


class Position(ctypes.Structure):
    _fields_ = [("row", ctypes.c_int), ("column", ctypes.c_int)]


class Rect(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("top", "bottom", "left", "right")]


class CellSeen(ctypes.Structure):
    _fields_ = [("chars", ctypes.c_uint32 * CHARS), ("width", ctypes.c_char),
                ("attributes", ctypes.c_uint), ("front", ctypes.c_uint8 * 4),
                ("back", ctypes.c_uint8 * 4)]


PROPERTY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                            ctypes.c_void_p)
BELL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
OUTPUT = ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t, ctypes.c_void_p)


class Callbacks(ctypes.Structure):
    _fields_ = [("damage", ctypes.c_void_p), ("moverect", ctypes.c_void_p),
                ("movecursor", ctypes.c_void_p), ("settermprop", PROPERTY), ("bell", BELL),
                ("more", ctypes.c_void_p * 8)]  # newer ones have more of them


def load():
    """None where there is no libvterm."""
    name = ctypes.util.find_library("vterm") or "libvterm.so.0"
    try:
        lib = ctypes.CDLL(name)
    except OSError:
        return None
    pointer, number = ctypes.c_void_p, ctypes.c_int
    for function, result, arguments in (
            ("vterm_new", pointer, [number, number]),
            ("vterm_free", None, [pointer]),
            ("vterm_set_size", None, [pointer, number, number]),
            ("vterm_set_utf8", None, [pointer, number]),
            ("vterm_input_write", ctypes.c_size_t, [pointer, ctypes.c_char_p, ctypes.c_size_t]),
            ("vterm_output_set_callback", None, [pointer, OUTPUT, pointer]),
            ("vterm_keyboard_start_paste", None, [pointer]),
            ("vterm_keyboard_end_paste", None, [pointer]),
            ("vterm_obtain_state", pointer, [pointer]),
            ("vterm_state_get_cursorpos", None, [pointer, ctypes.POINTER(Position)]),
            ("vterm_obtain_screen", pointer, [pointer]),
            ("vterm_screen_set_callbacks", None, [pointer, ctypes.POINTER(Callbacks), pointer]),
            ("vterm_screen_enable_altscreen", None, [pointer, number]),
            ("vterm_screen_reset", None, [pointer, number]),
            ("vterm_screen_get_cell", number, [pointer, Position, ctypes.POINTER(CellSeen)])):
        each = getattr(lib, function)
        each.restype, each.argtypes = result, arguments
    return lib


LIBRARY = load()


class Cell:
    """`text` is "" in the right half of what is two columns wide. Colours: None is the terminal's
    own, else an index of its palette, or (red, green, blue)."""

    def __init__(self, seen):
        self.half = seen.chars[0] == 0xffffffff
        codes = [] if self.half else [c for c in seen.chars if c]
        self.text = "" if self.half else "".join(map(chr, codes)) or " "
        self.width = ord(seen.width)
        self.attributes = seen.attributes
        self.front = colour(seen.front, DEFAULT_FRONT)
        self.back = colour(seen.back, DEFAULT_BACK)

    def __eq__(self, other):
        return self.__dict__ == other.__dict__

    def __repr__(self):
        return f"{self.text!r} {self.front} on {self.back} {self.attributes:x}"


def colour(parts, default):
    if parts[0] & default:
        return None
    return parts[1] if parts[0] & INDEXED else tuple(parts[1:])


class Terminal:
    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.properties = {ALTSCREEN: 0, MOUSE: 0, CURSOR_SHOWN: 1}
        self.bells = 0
        self.said = bytearray()  # what the terminal itself has to say to the program
        self.vterm = LIBRARY.vterm_new(rows, columns)
        LIBRARY.vterm_set_utf8(self.vterm, 1)
        self._output = OUTPUT(self._says)
        LIBRARY.vterm_output_set_callback(self.vterm, self._output, None)
        self.screen = LIBRARY.vterm_obtain_screen(self.vterm)
        self._callbacks = Callbacks(settermprop=PROPERTY(self._property), bell=BELL(self._bell))
        LIBRARY.vterm_screen_set_callbacks(self.screen, ctypes.byref(self._callbacks), None)
        LIBRARY.vterm_screen_enable_altscreen(self.screen, 1)
        LIBRARY.vterm_screen_reset(self.screen, 1)

    def __del__(self):
        LIBRARY.vterm_free(self.vterm)

    def _says(self, data, size, _self):
        self.said += ctypes.string_at(data, size)

    def _property(self, which, value, _self):
        if which in self.properties:
            self.properties[which] = value[0]
        return 1

    def _bell(self, _self):
        self.bells += 1
        return 1

    def feed(self, data):
        LIBRARY.vterm_input_write(self.vterm, data, len(data))

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        LIBRARY.vterm_set_size(self.vterm, rows, columns)

    def paste(self, data):
        """What the program is sent: in brackets, where it asked for them."""
        self.said.clear()
        LIBRARY.vterm_keyboard_start_paste(self.vterm)
        self.said += data
        LIBRARY.vterm_keyboard_end_paste(self.vterm)
        return bytes(self.said)

    # ---- what is on it ----

    def cell(self, row, column):
        seen = CellSeen()
        LIBRARY.vterm_screen_get_cell(self.screen, Position(row, column), ctypes.byref(seen))
        return Cell(seen)

    def cells(self):
        return [[self.cell(row, column) for column in range(self.columns)]
                for row in range(self.rows)]

    def row(self, row):
        return "".join(self.cell(row, column).text for column in range(self.columns)).rstrip()

    def lines(self):
        return [self.row(row) for row in range(self.rows)]

    def text(self):
        return "\n".join(self.lines())

    @property
    def cursor(self):
        at = Position()
        LIBRARY.vterm_state_get_cursorpos(LIBRARY.vterm_obtain_state(self.vterm), ctypes.byref(at))
        return at.row, at.column

    # ---- its modes ----

    @property
    def full_screen(self):
        return bool(self.properties[ALTSCREEN])

    @property
    def gives_mouse(self):
        return bool(self.properties[MOUSE])

    @property
    def shows_cursor(self):
        return bool(self.properties[CURSOR_SHOWN])

    @property
    def brackets_pastes(self):
        return self.paste(b"x") != b"x"
