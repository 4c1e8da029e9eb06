package dev.firn.fuse.kernel;

import dev.firn.base.FirnException;
import dev.firn.fuse.MountOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the options of a mount mean to mount(2), to fusermount3, and to this transport. */
final class KernelOptions {
  static final String TYPE = "fuse.firn";

  /** Flags of mount(2) by the word that sets them: sys/mount.h. */
  private static final Map<String, Long> SETTING =
      Map.ofEntries(
          Map.entry("ro", 1L),
          Map.entry("nosuid", 2L),
          Map.entry("nodev", 4L),
          Map.entry("noexec", 8L),
          Map.entry("sync", 16L),
          Map.entry("dirsync", 128L),
          Map.entry("noatime", 1024L),
          Map.entry("nodiratime", 2048L));

  private static final Map<String, Long> CLEARING =
      Map.of(
          "rw",
          1L,
          "suid",
          2L,
          "dev",
          4L,
          "exec",
          8L,
          "async",
          16L,
          "atime",
          1024L,
          "diratime",
          2048L);

  private static final String ALLOW_OTHER = "allow_other";
  private static final String IO_URING = "io_uring=";

  private final String sourceName;
  private final long readAheadBytes;
  private final boolean root;
  private final List<String> words = new ArrayList<>();
  private long flags;
  private boolean allowOther;
  private boolean writeBack = true;
  private boolean accessControlLists = true;
  private boolean fetchAhead = true;

  private RingUse ringUse = RingUse.AUTO;

  /**
   * @param root only root may let others in unasked; see user_allow_other in /etc/fuse.conf
   */
  KernelOptions(MountOptions options, boolean root) {
    this.sourceName = options.sourceName();
    this.readAheadBytes = options.readAheadBytes();
    this.root = root;
    this.allowOther = root;
    // An image may come from anywhere: what it brings must not get rights here unless asked for.
    apply("nosuid");
    apply("nodev");
    options.fuseOptions().forEach(this::apply);
    if (options.readOnly()) {
      // Not to be undone by "rw".
      apply("ro");
    }
  }

  private void apply(String word) {
    if (SETTING.containsKey(word)) {
      flags |= SETTING.get(word);
    } else if (CLEARING.containsKey(word)) {
      flags &= ~CLEARING.get(word);
    } else {
      if (word.startsWith(IO_URING)) {
        ringUse = RingUse.of(word.substring(IO_URING.length()));
        return;
      }
      switch (word) {
        case ALLOW_OTHER -> allowOther = true;
        case "no_allow_other" -> allowOther = false;
        case "writeback" -> writeBack = true;
        case "no_writeback" -> writeBack = false;
        case "acl" -> accessControlLists = true;
        case "noacl" -> accessControlLists = false;
        case "fetch_ahead" -> fetchAhead = true;
        case "no_fetch_ahead" -> fetchAhead = false;
        case "default_permissions" -> {
          // Always so.
          return;
        }
        default ->
            throw FirnException.usage(
                "unknown mount option '%s'; there are ro, suid, dev, noexec, sync, dirsync,"
                    + " noatime, nodiratime, allow_other, no_allow_other, no_writeback, noacl,"
                    + " no_fetch_ahead, io_uring=auto|on|off",
                word);
      }
      return;
    }
    words.remove(word);
    words.add(word);
  }

  /** Flags of INIT that are asked for unless an option says otherwise. */
  long initFlags() {
    return (writeBack ? InitFlags.WRITEBACK_CACHE : 0)
        | (accessControlLists ? InitFlags.POSIX_ACL : 0)
        | (ringUse == RingUse.OFF ? 0 : InitFlags.OVER_IO_URING);
  }

  RingUse ringUse() {
    return ringUse;
  }

  /** Only root may open files as that needs it. */
  boolean fetchesAhead() {
    return fetchAhead && root;
  }

  /** Of the disk below; 0: not known. */
  long readAheadBytes() {
    return readAheadBytes;
  }

  String sourceName() {
    return sourceName;
  }

  /** For mount(2). */
  long flags() {
    return flags;
  }

  /** For mount(2), which only root may call: what is not a flag. */
  String data(int fd) {
    return "fd="
        + fd
        + ",rootmode=40000,user_id=0,group_id=0,default_permissions,max_read="
        + Negotiation.PAYLOAD_BYTES_MAX
        + (allowOther ? "," + ALLOW_OTHER : "");
  }

  /** For fusermount3 -o. */
  String helperOptions() {
    List<String> all = new ArrayList<>(words);
    all.add("fsname=" + sourceName.replace("\\", "\\\\").replace(",", "\\,"));
    all.add("subtype=firn");
    all.add("default_permissions");
    all.add("max_read=" + Negotiation.PAYLOAD_BYTES_MAX);
    if (allowOther) {
      all.add(ALLOW_OTHER);
    }
    return String.join(",", all);
  }

  boolean isRoot() {
    return root;
  }
}
