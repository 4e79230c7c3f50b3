# frozen_string_literal: true

# Switches, for `gem install … -- SWITCH`, `rake compile -- SWITCH` and `ruby extconf.rb SWITCH`:
#   --enable-debug                          no optimisation, full debug information
#   --enable-sanitizer=address,undefined    build with these sanitizers
#   --enable-werror                         compiler warnings are errors
#   --with-pkg-config=PATH, --with-curl-config=PATH, --with-curl-dir=DIR    where libcurl is

require "mkmf"

LIBCURL_MINIMUM = "7.74.0"
LIBCURL_MINIMUM_NUM = "0x074a00"

INSTALL_HELP = <<~TEXT
  Install its development files, then try again:

    Debian, Ubuntu    apt-get install libcurl4-openssl-dev
    Fedora            dnf install libcurl-devel
    Alpine            apk add curl-dev
    macOS             brew install curl pkg-config
                      export PKG_CONFIG_PATH="$(brew --prefix curl)/lib/pkgconfig"

  A libcurl in another place is found with --with-curl-dir=DIR or --with-curl-config=PATH.
TEXT

def stop(problem)
  message "\n"
  abort "prompt_tracker-native: #{problem}\n\n#{INSTALL_HELP}\nmkmf.log has the details.\n"
end

# Takes the compiler's and linker's flags from a curl-config program.
def curl_config
  program = with_config("curl-config", "curl-config")
  return false unless program.is_a?(String) && find_executable(program)

  cflags, libs = %w[--cflags --libs].map { |option| IO.popen([program, option], &:read).to_s.strip }
  $INCFLAGS << " #{cflags}" unless cflags.empty?
  $LDFLAGS << " #{libs[/(-L\S+\s*)+/]}" if libs.include?("-L")
  have_library("curl", "curl_multi_wakeup", "curl/curl.h")
end

# What the headers say is what counts, whichever way they were found.
def libcurl_new_enough?
  checking_for("libcurl >= #{LIBCURL_MINIMUM}") do
    try_compile(<<~C)
      #include <curl/curl.h>
      #if LIBCURL_VERSION_NUM < #{LIBCURL_MINIMUM_NUM}
      #error "libcurl is too old"
      #endif
      int main(void) { return 0; }
    C
  end
end

def find_libcurl
  given = dir_config("curl").any? || with_config("curl-config")
  found = (!given && pkg_config("libcurl")) || curl_config || have_library("curl", "curl_multi_wakeup", "curl/curl.h")

  stop "libcurl (#{LIBCURL_MINIMUM} or newer) was not found." unless have_header("curl/curl.h")
  stop "the libcurl found is older than #{LIBCURL_MINIMUM}." unless libcurl_new_enough?
  links = found && have_func("curl_multi_wakeup", "curl/curl.h")
  stop "libcurl's headers were found, but it does not link." unless links
end

def check_platform
  have_library("pthread", "pthread_create", "pthread.h") unless have_func("pthread_create", "pthread.h")
  have_func("pthread_timedjoin_np", "pthread.h")
  have_func("rb_io_wait", "ruby/io.h")
  have_func("eventfd", "sys/eventfd.h") if have_header("sys/eventfd.h")
  have_const("TCP_USER_TIMEOUT", "linux/tcp.h") if have_header("linux/tcp.h")
end

# Flags for this project's own code; Ruby's and libcurl's headers are system headers, so they raise no warnings.
def compiler_flags
  $warnflags = ""
  $CFLAGS << " -std=gnu11 -Wall -Wextra -fvisibility=hidden"
  $CFLAGS << " -Werror" if enable_config("werror", false)
  $CFLAGS << " -O0 -g3 -fno-omit-frame-pointer" if enable_config("debug", false)
  $INCFLAGS << " -isystem $(hdrdir) -isystem $(arch_hdrdir)"
end

def sanitizers
  names = arg_config("--enable-sanitizer")
  return unless names

  names = "address,undefined" unless names.is_a?(String)
  flags = "-fsanitize=#{names} -fno-sanitize-recover=all -fno-omit-frame-pointer -g"
  $CFLAGS << " #{flags}"
  $LDFLAGS << " #{flags}"
end

# The sources are in two folders, and all objects land in one: base names are unique.
def sources(*folders)
  names = ->(folder, kind) { Dir.glob("#{__dir__}/#{folder}/*.#{kind}").map { |path| File.basename(path) } }
  $srcs = folders.flat_map { |folder| names[folder, "c"] }
  folders.each do |folder|
    $headers.concat(names[folder, "h"].map { |name| "$(srcdir)/#{folder}/#{name}" })
    $VPATH << "$(srcdir)/#{folder}"
    $INCFLAGS << " -I$(srcdir)/#{folder}"
  end
end

find_libcurl
check_platform
compiler_flags
sanitizers
sources("core", "binding")
create_makefile("prompt_tracker_native/prompt_tracker_native")
