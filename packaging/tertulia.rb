# For Homebrew: the tarball of `make dist` beside this file, then brew install ./tertulia.rb
class Tertulia < Formula
  desc "Chat for the people of one LAN, with no server"
  url "file://#{__dir__}/tertulia-0.1.0.tar.xz"
  license "MIT"

  depends_on "pkg-config" => :build
  depends_on "uthash" => :build
  depends_on "gettext"
  depends_on "jansson"
  depends_on "libsodium"
  depends_on "libuv"
  depends_on "ncurses"
  depends_on "openssl@3"
  depends_on "protobuf-c"
  depends_on "sqlite"
  depends_on "utf8proc"

  def install
    system "./configure", "--disable-silent-rules", "--without-systemduserunitdir", *std_configure_args
    system "make", "install"
  end

  service do
    run [opt_bin/"tertuliad", "--home", var/"tertuliad"]
    keep_alive successful_exit: false
    error_log_path var/"log/tertuliad.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/tertulia --version")
    said = pipe_output("#{bin}/tertuliad --home #{testpath}/home --no-beacon", "hello\n/exit\n", 0)
    assert_match '"text":"hello"', said
  end
end
