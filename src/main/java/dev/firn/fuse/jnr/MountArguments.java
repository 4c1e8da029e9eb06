package dev.firn.fuse.jnr;

import dev.firn.fuse.MountOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * libfuse's struct fuse_args for one mount, in native memory until {@link #free}.
 *
 * <p>How long the kernel may believe what it was told is a matter of what it cannot know. libfuse 2
 * gives each path its own node, so the names of one file are strangers to the kernel: a chmod, a
 * write or a link through one name would leave the attributes of the others stale, so attributes
 * hold for no time at all. What a name leads to changes only through the mount itself, which the
 * kernel sees, except when snapshots are made or removed from outside: a name that is gone may be
 * believed for a second more (its attributes are not, so using it answers ENOENT), a name that was
 * missing is asked for each time. File contents are cached between open and close only, and dropped
 * at the next open (no kernel_cache): pages, too, belong to a name.
 */
final class MountArguments {
  private static final String PROGRAM = "firn";
  private static final String OWN_OPTIONS =
      "subtype=firn,use_ino,default_permissions,big_writes,max_read=131072,max_write=131072,"
          + "attr_timeout=0,entry_timeout=1,negative_timeout=0";

  /** struct fuse_args: int argc; char **argv; int allocated. */
  private static final int COUNT_OFFSET = 0;

  private static final int VECTOR_OFFSET = 8;
  private static final int STRUCT_BYTES = 24;

  private final List<Long> strings = new ArrayList<>();
  private final long vector;
  private final long address;

  MountArguments(MountOptions options, boolean root) {
    strings.add(string(PROGRAM));
    addOption(OWN_OPTIONS);
    addOption("fsname=" + escape(options.sourceName()));
    if (root) {
      // Only root may let others in unasked; see user_allow_other in /etc/fuse.conf.
      addOption("allow_other");
    }
    if (options.readOnly()) {
      addOption("ro");
    }
    options.fuseOptions().forEach(this::addOption);
    vector = NativeMemory.allocate((strings.size() + 1L) * Long.BYTES);
    for (int i = 0; i < strings.size(); i++) {
      NativeMemory.putLong(vector + (long) i * Long.BYTES, strings.get(i));
    }
    address = NativeMemory.allocate(STRUCT_BYTES);
    NativeMemory.putInt(address + COUNT_OFFSET, strings.size());
    NativeMemory.putLong(address + VECTOR_OFFSET, vector);
  }

  long address() {
    return address;
  }

  /** Frees what libfuse put in place of ours, and ours. */
  void free(LibFuse2 library) {
    library.fuse_opt_free_args(address);
    strings.forEach(NativeMemory::free);
    NativeMemory.free(vector);
    NativeMemory.free(address);
  }

  private void addOption(String option) {
    strings.add(string("-o" + option));
  }

  /** A comma would end the option. */
  private static String escape(String text) {
    return text.replace("\\", "\\\\").replace(",", "\\,");
  }

  private static long string(String text) {
    return NativeMemory.allocateString(text.getBytes(StandardCharsets.UTF_8));
  }
}
