# frozen_string_literal: true

require "fileutils"
require "open3"
require "tmpdir"

# A PostgreSQL of the suite's own, in a temporary folder and on a Unix socket, started when an example first wants it.
module PostgreSQL
  USER = "specs"
  # As root it refuses to run; Debian's package makes the first of these users, every system has the other.
  ACCOUNTS = %w[postgres nobody].freeze
  START_SECONDS = 30

  class << self
    # @return [String, nil] why there is none
    def missing
      return "PostgreSQL is not installed (apt-get install postgresql)" unless folder

      "PostgreSQL does not run as root, and setpriv is not installed" if Process.uid.zero? && !which("setpriv")
    end

    # @param database [String] made where it isn't there yet
    # @return [String] for DATABASE_URL
    def url(database)
      start unless @pid
      @databases ||= {}
      @databases[database] ||= begin
        command("createdb", "-h", @home, "-U", USER, database)
        "postgresql:///#{database}?host=#{@home}&user=#{USER}"
      end
    end

    def stop
      return unless @pid

      Process.kill(:INT, @pid) # ends its connections, then itself
      Process.wait(@pid)
    ensure
      FileUtils.rm_rf(@home) if @home
      @pid = @home = @databases = nil
    end

    private

    def start
      @home = Dir.mktmpdir("ptn-pg")
      FileUtils.chown(account, nil, @home) if account
      data = File.join(@home, "data")
      command("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
      log = File.join(@home, "log")
      @pid = spawn(*as_account, program("postgres"), "-D", data, "-k", @home, "-c", "listen_addresses=",
                   "-c", "fsync=off", in: File::NULL, out: log, err: %i[child out], chdir: @home)
      wait(log)
    end

    def wait(log)
      over = Process.clock_gettime(Process::CLOCK_MONOTONIC) + START_SECONDS
      until system(program("pg_isready"), "-q", "-h", @home)
        ended = Process.wait(@pid, Process::WNOHANG)
        late = Process.clock_gettime(Process::CLOCK_MONOTONIC) > over
        raise "PostgreSQL did not start:\n#{File.read(log)}" if ended || late

        sleep 0.05
      end
    end

    # Ends with its parent, should that be killed.
    def as_account
      return [] unless account

      ["setpriv", "--reuid=#{account}", "--regid=#{Etc.getpwnam(account).gid}", "--clear-groups", "--pdeathsig=INT"]
    end

    def account
      return unless Process.uid.zero?

      require "etc"
      @account ||= ACCOUNTS.find { |name| Etc.getpwnam(name) rescue nil } # rubocop:disable Style/RescueModifier
    end

    def command(name, *arguments)
      said, status = Open3.capture2e(*as_account, program(name), *arguments, chdir: @home)
      raise "#{name} failed:\n#{said}" unless status.success?
    end

    def program(name)
      File.join(folder, name)
    end

    # Debian keeps its programs out of PATH.
    def folder
      @folder ||= [*Dir["/usr/lib/postgresql/*/bin"].sort_by { |path| path[/\d+/].to_i }.reverse, *path]
                  .find { |path| File.executable?(File.join(path, "initdb")) }
    end

    def which(name)
      path.find { |folder| File.executable?(File.join(folder, name)) }
    end

    def path
      ENV.fetch("PATH", "").split(File::PATH_SEPARATOR)
    end
  end
end

RSpec.configure { |config| config.after(:suite) { PostgreSQL.stop } }
