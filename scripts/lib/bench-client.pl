#!/usr/bin/perl
# The client of scripts/bench: does one line of the table in one directory and times it.
# Usage: bench-client.pl prepare|measure LINE DIRECTORY TAR FILE_MIB NAMES SECONDS
#   prepare  makes what the line needs, and takes away what is in its way; not timed
#   measure  does it and prints its rate: MB/s (1,000,000 bytes) or operations a second
#   FILE_MIB is the size of big files, NAMES how many small ones, SECONDS the limit of lines that have one.
use strict;
use warnings;
use Fcntl qw(:DEFAULT);
use IO::Handle;
use List::Util qw(shuffle);
use POSIX ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

# All of these are system calls without anything around them. Perl's own open() would also ask for
# the file's status and whether it is a terminal, which a FUSE daemon has to answer.
my $CREATE = O_CREAT | O_EXCL | O_WRONLY;
my $SMALL_BYTES = 3000;
my $PAGE_BYTES = 4096;
my $RANDOM_WRITES = 4096;
# Files are made of these bytes, which no codec makes shorter and which have no zeros to leave out.
my $POOL_BYTES = 16 << 20;

@ARGV == 7 or die "usage: bench-client.pl prepare|measure LINE DIRECTORY TAR FILE_MIB NAMES SECONDS\n";
my ($step, $line, $directory, $tar, $file_mib, $names, $seconds) = @ARGV;
my $file_bytes = $file_mib << 20;
my $pool = '';
chdir $directory or die "$directory: $!\n";

sub now { return clock_gettime(CLOCK_MONOTONIC) }

sub names {
    my ($parent, $count) = @_;
    return map { sprintf '%s/file-%06d', $parent, $_ } 1 .. $count;
}

sub run {
    system(@_) == 0 or die "'@_' failed\n";
    return;
}

sub fill_pool {
    sysopen my $random, '/dev/urandom', O_RDONLY or die "/dev/urandom: $!\n";
    while (length $pool < $POOL_BYTES) {
        sysread($random, $pool, $POOL_BYTES - length $pool, length $pool) or die "/dev/urandom: $!\n";
    }
    return;
}

sub write_at_end {
    my ($file, $length, $offset) = @_;
    my $count = syswrite $file, $pool, $length, $offset % $POOL_BYTES;
    defined $count && $count == $length or die "write: $!\n";
    return;
}

sub force {
    my ($file) = @_;
    $file->sync or die "fsync: $!\n";
    return;
}

sub write_file {
    my ($name, $length, $block, $forced) = @_;
    sysopen my $file, $name, $CREATE or die "$name: $!\n";
    for (my $offset = 0; $offset < $length; $offset += $block) {
        write_at_end($file, $block, $offset);
    }
    force($file) if $forced;
    close $file or die "close: $!\n";
    return;
}

sub read_file {
    my ($name) = @_;
    sysopen my $file, $name, O_RDONLY or die "$name: $!\n";
    my ($buffer, $total) = ('', 0);
    while (my $count = sysread $file, $buffer, 1 << 20) { $total += $count }
    return $total;
}

# Pages in an order without system, each at most once; returns how many.
sub read_pages {
    my ($name, $limit) = @_;
    sysopen my $file, $name, O_RDONLY or die "$name: $!\n";
    srand 1;
    my @pages = shuffle(0 .. (-s $file) / $PAGE_BYTES - 1);
    my ($buffer, $count, $start) = ('', 0, now());
    for my $page (@pages) {
        sysseek $file, $page * $PAGE_BYTES, 0;
        my $got = sysread $file, $buffer, $PAGE_BYTES;
        defined $got && $got == $PAGE_BYTES or die "read: $!\n";
        $count++;
        last if $count % 64 == 0 && now() - $start > $limit;
    }
    return ($count, now() - $start);
}

sub write_pages {
    my ($name) = @_;
    sysopen my $file, $name, O_WRONLY or die "$name: $!\n";
    srand 2;
    my @pages = map { int rand($file_bytes / $PAGE_BYTES) } 1 .. $RANDOM_WRITES;
    my $start = now();
    for my $page (@pages) {
        sysseek $file, $page * $PAGE_BYTES, 0;
        write_at_end($file, $PAGE_BYTES, $page * $PAGE_BYTES);
    }
    force($file);
    my $took = now() - $start;
    close $file or die "close: $!\n";
    return (scalar @pages, $took);
}

sub append_and_force {
    sysopen my $file, 'forced', $CREATE or die "forced: $!\n";
    return write_and_force($file, 1 << 40);
}

# Nothing but these blocks changes: their file is as long as before.
sub overwrite_and_force {
    sysopen my $file, 'blocks', O_WRONLY or die "blocks: $!\n";
    return write_and_force($file, $POOL_BYTES);
}

# Goes on at the beginning behind $limit_bytes.
sub write_and_force {
    my ($file, $limit_bytes) = @_;
    my ($count, $start) = (0, now());
    do {
        my $offset = $count * $PAGE_BYTES % $limit_bytes;
        sysseek $file, $offset, 0;
        write_at_end($file, $PAGE_BYTES, $offset);
        force($file);
        $count++;
    } while (now() - $start < $seconds);
    return ($count, now() - $start);
}

sub create_names {
    my ($parent, $count, $length) = @_;
    my $content = substr $pool, 0, $length;
    for my $name (names($parent, $count)) {
        my $file = POSIX::open($name, $CREATE, oct 644) // die "$name: $!\n";
        !$length || POSIX::write($file, $content, $length) or die "write: $!\n";
        POSIX::close($file) or die "close: $!\n";
    }
    return;
}

sub need_file {
    return if -e 'data' && -s _ == $file_bytes;
    unlink 'data';
    fill_pool();
    write_file('data', $file_bytes, 1 << 20, 0);
    return;
}

sub need_names {
    my @there = glob 'names/*';
    return if @there == $names;
    new_directory('names');
    create_names('names', $names, 0);
    return;
}

# Without the mount's own pages, so that the next reader asks the file system.
sub forget_pages {
    my ($name) = @_;
    run('dd', "if=$name", 'iflag=nocache', 'count=0', 'status=none');
    return;
}

sub remove { run('rm', '-rf', @_); return }

sub new_directory {
    my ($name) = @_;
    remove($name) if -e $name;
    mkdir $name or die "$name: $!\n";
    return;
}

# As many files as the archive has.
sub need_tree {
    return if -d 'tree';
    new_directory('tree');
    run('tar', '-xf', $tar, '-C', 'tree');
    return;
}

my $new_file = sub { unlink 'data' };
# Java compiles what runs often, and a daemon that has just been started has compiled nothing: every
# peer reads another file first when a line begins with a restart.
my $need_two_files = sub {
    need_file();
    return if -e 'other';
    fill_pool();
    write_file('other', 256 << 20, 1 << 20, 0);
    return;
};
my $need_copy = sub { need_tree(); run('cp', '-a', 'tree', 'copy') if !-d 'copy'; return };

# For each line what it needs, what it does, and how much that is: bytes in millions, or operations.
my %preparations = (
    'write-1m' => $new_file, 'write-1m-fsync' => $new_file,
    'write-4k' => $new_file, 'write-4k-fsync' => $new_file,
    'read-cold' => $need_two_files, 'rand-read-cold' => $need_two_files,
    'rand-read-warm' => sub { need_file(); forget_pages('data'); read_file('data'); return },
    'rand-write' => \&need_file,
    'fsync' => sub { unlink 'forced' },
    # No line, but what the disk does in that of fsync.
    'overwrite' => sub { unlink 'blocks'; fill_pool(); write_file('blocks', $POOL_BYTES, 1 << 20, 1) },
    'create' => sub { new_directory('names') }, 'small' => sub { new_directory('small') },
    'stat' => \&need_names, 'ls' => \&need_names, 'unlink' => \&need_names,
    'untar' => sub { remove('copy'); new_directory('tree'); read_file($tar); return },
    'cp' => sub { need_tree(); remove('copy'); return },
    'rm' => $need_copy,
    # No line: the end of a round.
    'clean' => sub { remove('forced', 'blocks', 'names', 'small', 'tree', 'copy') },
);

sub timed {
    my ($amount, $work) = @_;
    my $start = now();
    $work->();
    return ($amount, now() - $start);
}

sub entries { my $count = () = `tar -tf $tar`; return $count }

my $million_bytes = $file_bytes / 1e6;
my %measurements = (
    'write-1m' => sub { timed($million_bytes, sub { write_file('data', $file_bytes, 1 << 20, 0) }) },
    'write-1m-fsync' => sub { timed($million_bytes, sub { write_file('data', $file_bytes, 1 << 20, 1) }) },
    'write-4k' => sub { timed($million_bytes, sub { write_file('data', $file_bytes, $PAGE_BYTES, 0) }) },
    'write-4k-fsync' => sub { timed($million_bytes, sub { write_file('data', $file_bytes, $PAGE_BYTES, 1) }) },
    'read-cold' => sub { read_file('other'); timed($million_bytes, sub { read_file('data') }) },
    'rand-read-cold' => sub { read_pages('other', 2); read_pages('data', $seconds) },
    'rand-read-warm' => sub { read_pages('data', $seconds) },
    # A file with many extents must not slow the lines of the next round.
    'rand-write' => sub { my @result = write_pages('data'); unlink 'data'; @result },
    'fsync' => \&append_and_force, 'overwrite' => \&overwrite_and_force,
    'create' => sub { timed($names, sub { create_names('names', $names, 0) }) },
    # Half of it: passthrough_ll keeps all of them open.
    'small' => sub { timed($names / 2, sub { create_names('small', $names / 2, $SMALL_BYTES) }) },
    'stat' => sub { timed($names, sub { lstat $_ or die "$_: $!\n" for names('names', $names) }) },
    'ls' => sub { timed($names, sub { run('ls -l names >/dev/null') }) },
    'unlink' => sub { timed($names, sub { unlink $_ or die "$_: $!\n" for names('names', $names) }) },
    'untar' => sub { timed(entries(), sub { run('tar', '-xf', $tar, '-C', 'tree') }) },
    'cp' => sub { timed(entries(), sub { run('cp', '-a', 'tree', 'copy') }) },
    'rm' => sub { timed(entries(), sub { run('rm', '-r', 'copy') }) },
);

# Under a hypervisor that takes unused memory back, the first touch of a page costs more than all that a file system
# does with it, and who has to pay is chance. So there is enough memory for the caches of both sides that is not new.
sub touch_memory {
    my $memory = "\0" x ($file_bytes * 5 / 2);
    undef $memory;
    return;
}

exists $preparations{$line} or die "no line '$line'\n";
if ($step eq 'prepare') {
    $preparations{$line}->();
} else {
    fill_pool();
    touch_memory() if $line =~ /^(?:write|read|rand)/;
    my ($amount, $took) = $measurements{$line}->();
    printf "%.3f\n", $amount / $took;
}
