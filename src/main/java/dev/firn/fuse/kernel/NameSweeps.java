package dev.firn.fuse.kernel;

import java.util.Arrays;

/**
 * Notices when names of a directory are looked up in the order in which a listing has them: then
 * the names that follow are what comes next, and are fetched before anybody asks. As with reading
 * ahead in a file, the parts grow: the kernel keeps to itself what it knows, so whoever asks for a
 * name behind a part has gone through all of it, or left it out.
 *
 * <p>Invariants: a directory has at most one part under way. A part is no longer than {@link
 * #GROWTH} times what was looked up or fetched before it. Who leaves out more than {@link #GROWTH}
 * names for each that he looks up, behind a part or before the first, gets nothing more.
 *
 * <p>A table of fixed size, where directories push each other out. Safe for concurrent use.
 */
final class NameSweeps {
  /** So many names in order are hardly ever chance. */
  static final int NAMES_MIN = 16;

  static final int GROWTH = 8;

  /** A listing is gone through from its beginning to get that far. */
  private static final long COOKIE_MAX = 1 << 18;

  private static final int SWEEPS = 16;

  /** Odd and large: spreads directories over the table by its upper bits. */
  private static final long SPREAD = 0x9e3779b97f4a7c15L;

  private static final int SPREAD_SHIFT = Long.SIZE - Integer.numberOfTrailingZeros(SWEEPS);

  /** What comes later is not the same going through. */
  private static final long PAUSE_NANOS_MAX = 4_000_000_000L;

  /** A part that was left out, since others take longer, is not waited for. */
  private static final long PART_NANOS_MAX = 2_000_000_000L;

  /**
   * Names of a directory to be fetched. Each part is known by itself: two of the same content are
   * two.
   */
  static final class Part {
    /** A sweep is under way, and nothing is to be done. */
    static final Part NONE = first(0);

    /** Behind which they are. It is another listing's, so names that went since move it. */
    final long cookie;

    /** About so many. */
    final int names;

    /** The last name that was looked up; empty if they are wanted whatever comes before. */
    final byte[] until;

    /** If more names than these come before that one, the rest is not wanted. */
    final int leftOutMax;

    private Part(long cookie, int names, byte[] until, int leftOutMax) {
      this.cookie = cookie;
      this.names = names;
      this.until = until;
      this.leftOutMax = leftOutMax;
    }

    /** A directory's first names. */
    static Part first(int names) {
      return new Part(0, names, new byte[0], 0);
    }
  }

  /** Guarded by itself. */
  private static final class Sweep {
    long directory;
    byte[] name;
    long nanos;

    /** How many names came in order, up to {@link #name}. */
    int count;

    /** What is being fetched, if anything, since when, and the count then. */
    Part part;

    long partNanos;
    int partCount;

    /** The last name of what was fetched, and its cookie; null before the first part has come. */
    byte[] end;

    long endCookie;
    int partNames;

    /** There are no more names, or too many are left out. */
    boolean over;

    void begin(long directory, byte[] name) {
      this.directory = directory;
      this.name = name;
      count = 1;
      part = null;
      partCount = 0;
      end = null;
      endCookie = 0;
      partNames = NAMES_MIN;
      over = false;
    }

    Part next(int namesMax, long now) {
      int leftOutMax = Math.min(count - partCount, namesMax) * GROWTH;
      partNames = Math.min(partNames * GROWTH, namesMax);
      partNanos = now;
      partCount = count;
      part = new Part(endCookie, partNames, name, leftOutMax);
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
        if (nanoTime - sweep.partNanos > PART_NANOS_MAX) {
          sweep.part = null;
          sweep.over = true;
        }
        return Part.NONE;
      }
      boolean behind = sweep.end == null || Arrays.compareUnsigned(name, sweep.end) > 0;
      return behind ? sweep.next(namesMax, nanoTime) : Part.NONE;
    }
  }

  /**
   * A part was fetched.
   *
   * @param end its last name; null if there are no more behind it, or more than {@link
   *     Part#leftOutMax} came
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
      sweep.over = end == null || endCookie > COOKIE_MAX;
      boolean overtaken = !sweep.over && Arrays.compareUnsigned(sweep.name, end) > 0;
      return overtaken ? sweep.next(namesMax, nanoTime) : Part.NONE;
    }
  }

  private Sweep of(long directory) {
    return sweeps[(int) (directory * SPREAD >>> SPREAD_SHIFT)];
  }
}
