#!/usr/bin/perl
# The client of scripts/bench --upkeep. Usage: bench-upkeep.pl WORK ARGUMENTS...
#   append DIRECTORY WRITERS SECONDS      processes that append 4 KiB and fsync, each to its own file; prints how many a
#                                         second in all
#   pairs DIRECTORY MIB                   writes the files "dead" and "live" by turns, 1 MiB each, so that what one has
#                                         lies between what the other has
#   write FILE SECONDS                    writes and syncs; prints MB/s and seconds
#   write FILE SOCKET                     the same for as long as a reclaim takes, from its call to its answer
#   tree DIRECTORY COUNT                  makes small files, 1,000 a directory; prints how many a second
#   sparse FILE GIB WRITES SEED           makes a file of so many GiB with 4 KiB here and there, and reads some back
#   first-ls DIRECTORY                    lists it, which may be the first request of a mount
#   snapshots MOUNT SOCKET VOLUME COUNT   takes snapshots until there are so many, each of another state
#   snapshot-times MOUNT SOCKET VOLUME COUNT ROUNDS SEED   prints the medians of creating, looking up (stat), showing (API),
#                                         listing a page of 100, deleting, in microseconds
use strict;
use warnings;
use Fcntl qw(:DEFAULT);
use IO::Handle;
use IO::Socket::UNIX;
use Time::HiRes qw(clock_gettime sleep CLOCK_MONOTONIC);

my $PAGE_BYTES = 4096;
my $MIB = 1 << 20;
my $PAGE_ENTRIES = 100;

sub now { return clock_gettime(CLOCK_MONOTONIC) }

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return $sorted[@sorted / 2];
}

# Nothing compresses them, and there are no zeros, which Firn would leave out.
sub random_bytes {
    my ($count) = @_;
    my $bytes = '';
    sysopen my $random, '/dev/urandom', O_RDONLY or die "/dev/urandom: $!\n";
    while (length $bytes < $count) {
        sysread $random, $bytes, $count - length $bytes, length $bytes or die "/dev/urandom: $!\n";
    }
    return $bytes;
}

sub open_new {
    my ($name) = @_;
    unlink $name;
    sysopen my $file, $name, O_CREAT | O_EXCL | O_RDWR or die "$name: $!\n";
    return $file;
}

sub write_bytes {
    my ($file, $bytes) = @_;
    my $count = syswrite $file, $bytes;
    defined $count && $count == length $bytes or die "write: $!\n";
    return;
}

sub force {
    my ($file) = @_;
    $file->sync or die "fsync: $!\n";
    return;
}

sub append {
    my ($directory, $writers, $seconds) = @_;
    my $page = random_bytes($PAGE_BYTES);
    # All have been started by then.
    my $begin = now() + 0.2 + $writers * 0.02;
    my @counts;
    for my $writer (1 .. $writers) {
        pipe my $in, my $out or die "pipe: $!\n";
        my $child = fork // die "fork: $!\n";
        if (!$child) {
            my $file = open_new("$directory/appended-$writer");
            my $count = 0;
            my $wait = $begin - now();
            sleep $wait if $wait > 0;
            while (now() < $begin + $seconds) {
                write_bytes($file, $page);
                force($file);
                $count++;
            }
            syswrite $out, "$count\n";
            unlink "$directory/appended-$writer";
            exit 0;
        }
        close $out;
        push @counts, $in;
    }
    my $total = 0;
    for my $in (@counts) {
        $total += <$in> // die "a writer failed\n";
    }
    while (wait > 0) { }
    printf "%.0f\n", $total / $seconds;
    return;
}

sub pairs {
    my ($directory, $mib) = @_;
    my $bytes = random_bytes(16 * $MIB);
    my ($dead, $live) = map { open_new("$directory/$_") } 'dead', 'live';
    for my $index (0 .. $mib - 1) {
        my $piece = substr $bytes, $index % 15 * $MIB + $index % 4096, $MIB;
        write_bytes($dead, $piece);
        write_bytes($live, $piece);
        # Or each would be brought out of the kernel in long runs of its own.
        force($live) if $index % 64 == 63;
    }
    force($dead);
    force($live);
    return;
}

# One call of the daemon's API: the answer, or undef if there is none yet and the caller only wanted to send it.
sub send_call {
    my ($path, $action, $parameters) = @_;
    my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
    my $length = length $parameters;
    print {$socket} "POST /v1/$action HTTP/1.1\r\nHost: firn\r\nConnection: close\r\n"
        . "Content-Type: application/json\r\nContent-Length: $length\r\n\r\n$parameters";
    $socket->flush;
    return $socket;
}

sub answer {
    my ($socket) = @_;
    my $text = join '', <$socket>;
    $text =~ m{^HTTP/1.1 200 } or die "the daemon answered: $text\n";
    return $text;
}

sub has_answer {
    my ($socket) = @_;
    my $bits = '';
    vec($bits, fileno $socket, 1) = 1;
    return select($bits, undef, undef, 0) > 0;
}

sub write_while {
    my ($name, $limit) = @_;
    my $bytes = random_bytes(17 * $MIB);
    my $file = open_new($name);
    my ($count, $start) = (0, now());
    my $reclaim = $limit =~ m{^/} ? send_call($limit, 'Reclaim', '{"dryRun":false}') : undef;
    do {
        write_bytes($file, substr $bytes, $count % 16 * $MIB + $count % 4096, $MIB);
        $count++;
        force($file) if $count % 16 == 0;
    } while ($reclaim ? !has_answer($reclaim) : now() - $start < $limit);
    force($file);
    my $took = now() - $start;
    answer($reclaim) if $reclaim;
    printf "%.1f %.2f\n", $count * $MIB / 1e6 / $took, $took;
    return;
}

sub tree {
    my ($directory, $count) = @_;
    my $start = now();
    for my $index (0 .. $count - 1) {
        my $below = sprintf '%s/%04d', $directory, $index / 1000;
        mkdir $below or die "$below: $!\n" if $index % 1000 == 0;
        my $file = open_new(sprintf '%s/%06d', $below, $index);
        # Every tenth has some bytes.
        write_bytes($file, "this is file $index\n" x 20) if $index % 10 == 0;
        close $file or die "close: $!\n";
    }
    printf "%.0f\n", $count / (now() - $start);
    return;
}

sub sparse {
    my ($name, $gib, $writes, $seed) = @_;
    srand $seed;
    my $page = random_bytes($PAGE_BYTES);
    my $file = open_new($name);
    my $size = $gib << 30;
    truncate $file, $size or die "truncate: $!\n";
    my @places = map { int(rand($size / $PAGE_BYTES)) * $PAGE_BYTES } 1 .. $writes;
    for my $place (@places) {
        sysseek $file, $place, 0;
        write_bytes($file, pack('Q', $place) . substr $page, 8);
    }
    force($file);
    my $bytes = '';
    for (1 .. 1000) {
        my $place = $places[rand @places];
        sysseek $file, $place, 0;
        my $got = sysread $file, $bytes, $PAGE_BYTES;
        $got == $PAGE_BYTES && $bytes eq pack('Q', $place) . substr $page, 8 or die "$name differs at $place\n";
    }
    close $file or die "close: $!\n";
    return;
}

sub entries {
    my ($directory, $limit) = @_;
    opendir my $handle, $directory or die "$directory: $!\n";
    my $count = 0;
    while (defined readdir $handle) {
        last if ++$count == $limit + 2;
    }
    closedir $handle;
    return $count - 2;
}

sub make_snapshots {
    my ($mount, $volume, $count) = @_;
    for my $index (1 .. $count) {
        # So that each has a root of its own.
        my $file = open_new("$mount/state");
        write_bytes($file, "$index");
        close $file;
        mkdir "$mount/.snapshots/s$index" or die "snapshot $index: $!\n";
    }
    return;
}

sub timed_micros {
    my ($work) = @_;
    my $start = now();
    $work->();
    return (now() - $start) * 1e6;
}

sub snapshot_times {
    my ($mount, $socket, $volume, $count, $rounds, $seed) = @_;
    srand $seed;
    my (@create, @stat, @show, @list, @delete);
    for my $round (1 .. $rounds) {
        my $name = 's' . (1 + int rand $count);
        my $new = "$mount/.snapshots/new$round";
        # First, since its end comes later (RELEASEDIR) and is longer after 100 entries than after one: behind the others
        # it would count in the time of the one that comes next.
        push @list, timed_micros(sub { entries("$mount/.snapshots", $PAGE_ENTRIES) });
        push @create, timed_micros(sub { mkdir $new or die "$new: $!\n" });
        push @stat, timed_micros(sub { lstat "$mount/.snapshots/$name" or die "$name: $!\n" });
        push @show,
            timed_micros(sub { answer(send_call($socket, 'ReadSnapshot', qq({"snapshot":"$volume\@$name"}))) });
        push @delete, timed_micros(sub { rmdir $new or die "$new: $!\n" });
    }
    printf "%.1f %.1f %.1f %.1f %.1f\n", map { median(@$_) } \@create, \@stat, \@show, \@list, \@delete;
    return;
}

my %works = (
    'append' => \&append, 'pairs' => \&pairs, 'write' => \&write_while, 'tree' => \&tree, 'sparse' => \&sparse,
    'first-ls' => sub { print entries($_[0], 1e9), "\n" },
    'snapshots' => sub { make_snapshots(@_[0, 2, 3]) },
    'snapshot-times' => \&snapshot_times,
);
my $work = shift // '';
exists $works{$work} or die "no work '$work'\n";
$works{$work}->(@ARGV);
