package dev.firn.fuse.kernel;

import java.util.Arrays;

/**
 * Notices when names of a directory are looked up in the order in which a listing has them: then
 * the names that follow are what comes next, and are fetched before anybody asks. As with reading
 * ahead in a file, the parts grow: the kernel keeps to itself what it knows, so whoever asks for a
 * name behind a part has gone through all of it, or left it out.
 *
 * <p>Invariants: a directory has at most one part under way. A part is no longer than {@link
 * #GROWTH} times what was looked up or fetched before it. Once a part ends before the name that was
 * asked for when it began, names are being left out: nothing more is fetched of that directory as
 * long as that goes on.
 *
 * <p>A table of fixed size, where directories push each other out. Safe for concurrent use.
 */
final class NameSweeps {
  /** So many names in order are hardly ever chance. */
  static final int NAMES_MIN = 16;

  static final int GROWTH = 8;

  private static final int SWEEPS = 16;

  /** Odd and large: spreads directories over the table by its upper bits. */
  private static final long SPREAD = 0x9e3779b97f4a7c15L;

  private static final int SPREAD_SHIFT = Long.SIZE - Integer.numberOfTrailingZeros(SWEEPS);

  /** What comes later is not the same going through. */
  private static final long PAUSE_NANOS_MAX = 4_000_000_000L;

  /** A part that was left out, since others take longer, is not waited for. */
  private static final long PART_NANOS_MAX = 2_000_000_000L;

  /**
   * Names to be fetched: about so many of a directory behind a cookie. Each is known by itself: two
   * of the same content are two.
   */
  static final class Part {
    /** A sweep is under way, and nothing is to be done. */
    static final Part NONE = new Part(0, 0);

    final long cookie;
    final int names;

    Part(long cookie, int names) {
      this.cookie = cookie;
      this.names = names;
    }
  }

  /** Guarded by itself. */
  private static final class Sweep {
    long directory;
    byte[] name;
    long nanos;

    /** How many names came in order, up to {@link #name}. */
    int count;

    /** What is being fetched, if anything, since when, and which name was asked for last then. */
    Part part;

    long partNanos;
    byte[] partName;

    /** The last name of what was fetched, and its cookie; null before the first part has come. */
    byte[] end;

    long endCookie;
    int partNames;

    /** There are no more names, or names are being left out. */
    boolean over;

    void begin(long directory, byte[] name) {
      this.directory = directory;
      this.name = name;
      count = 1;
      part = null;
      end = null;
      endCookie = 0;
      partNames = NAMES_MIN;
      over = false;
    }

    Part next(int namesMax, long now) {
      partNames = Math.min(partNames * GROWTH, namesMax);
      partNanos = now;
      partName = name;
      part = new Part(endCookie, partNames);
      return part;
    }
  }

  private final int namesMax;
  private final Sweep[] sweeps = new Sweep[SWEEPS];

  /**
   * @param namesMax of one part, at least {@link #NAMES_MIN}
   */
  NameSweeps(int namesMax) {
    assert namesMax >= NAMES_MIN;
    this.namesMax = namesMax;
    Arrays.setAll(sweeps, i -> new Sweep());
  }

  /**
   * A name was looked up, and is there.
   *
   * @return what to fetch now, {@link Part#NONE} for nothing; null if this is no sweep
   */
  Part lookedUp(long directory, byte[] name, long nanoTime) {
    Sweep sweep = of(directory);
    synchronized (sweep) {
      boolean known =
          sweep.directory == directory
              && sweep.name != null
              && nanoTime - sweep.nanos <= PAUSE_NANOS_MAX;
      sweep.nanos = nanoTime;
      int order = known ? Arrays.compareUnsigned(name, sweep.name) : -1;
      if (order < 0) {
        sweep.begin(directory, name);
        return null;
      }
      if (order > 0) {
        sweep.name = name;
        sweep.count++;
      }
      if (sweep.over || sweep.count < NAMES_MIN) {
        return null;
      }
      if (sweep.part != null) {
        sweep.over = nanoTime - sweep.partNanos > PART_NANOS_MAX;
        return Part.NONE;
      }
      boolean behind = sweep.end == null || Arrays.compareUnsigned(name, sweep.end) > 0;
      return behind ? sweep.next(namesMax, nanoTime) : Part.NONE;
    }
  }

  /**
   * A part was fetched.
   *
   * @param end its last name; null if there are no more behind it
   * @param endCookie of this name
   * @return what to fetch now, {@link Part#NONE} for nothing
   */
  Part fetched(long directory, Part part, byte[] end, long endCookie, long nanoTime) {
    Sweep sweep = of(directory);
    synchronized (sweep) {
      if (sweep.part != part) {
        return Part.NONE;
      }
      sweep.part = null;
      sweep.end = end;
      sweep.endCookie = endCookie;
      sweep.over = end == null || Arrays.compareUnsigned(end, sweep.partName) < 0;
      boolean overtaken = !sweep.over && Arrays.compareUnsigned(sweep.name, end) > 0;
      return overtaken ? sweep.next(namesMax, nanoTime) : Part.NONE;
    }
  }

  private Sweep of(long directory) {
    return sweeps[(int) (directory * SPREAD >>> SPREAD_SHIFT)];
  }
}
