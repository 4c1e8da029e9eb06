package dev.firn.map;

import dev.firn.store.FileSegmentStore;
import dev.firn.store.SegmentStore;
import java.io.Closeable;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * A store that keeps nothing in memory but what changed, and counts how often it reads: each node
 * and each extent costs a read, each time.
 */
public final class UncachedStore implements Closeable {
  private final LongAdder reads = new LongAdder();
  private final MapStore store;

  /** With one Subregion, {@code a}. */
  public UncachedStore(Path directory) throws IOException {
    MapOptions standard = MapOptions.standard();
    MapOptions uncached =
        new MapOptions(
            standard.pageBytes(),
            standard.segmentBytesMax(),
            0,
            0,
            standard.stagedBytesMax(),
            standard.changedBytesMax());
    SegmentStore segments = new FileSegmentStore(directory.resolve("segments"), List.of("a"));
    store = new MapStore(directory, counted(segments), uncached);
  }

  private SegmentStore counted(SegmentStore segments) {
    return (SegmentStore)
        Proxy.newProxyInstance(
            SegmentStore.class.getClassLoader(),
            new Class<?>[] {SegmentStore.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("read")) {
                reads.increment();
              }
              try {
                return method.invoke(segments, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  public MapStore store() {
    return store;
  }

  /** So many there were. */
  public long reads() {
    return reads.sum();
  }

  @Override
  public void close() throws IOException {
    store.close();
  }
}
