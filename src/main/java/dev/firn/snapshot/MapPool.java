package dev.firn.snapshot;

import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.ReclaimedMaps;
import dev.firn.map.VolumeMap;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The block maps in use, each open once and shared: opened for its first user, closed after its
 * last. Safe for concurrent use; maps do not wait for each other.
 */
public final class MapPool implements ReclaimedMaps {
  private final MapStore store;
  private final ConcurrentHashMap<Long, Shared> shared = new ConcurrentHashMap<>();

  public MapPool(MapStore store) {
    this.store = store;
  }

  /** One user's hold on an open map; close it once. */
  public final class Use implements Closeable {
    private final Shared of;
    private boolean closed;

    private Use(Shared of) {
      this.of = of;
    }

    public VolumeMap map() {
      return of.map;
    }

    /** Deletes the map without writing what it holds; this must be its only use. */
    public void discard() throws IOException {
      synchronized (of) {
        awaitPassers(of);
        if (closed || of.users > 1) {
          throw new IllegalStateException("map " + of.map.number() + " has other users");
        }
        long number = of.map.number();
        closed = true;
        of.users = 0;
        of.map = null;
        store.delete(number);
      }
    }

    @Override
    public void close() throws IOException {
      synchronized (of) {
        if (closed) {
          return;
        }
        closed = true;
        of.users--;
        if (of.users == 0) {
          VolumeMap map = of.map;
          of.map = null;
          map.close();
        }
      }
    }
  }

  public Use open(long volumeNumber) throws IOException {
    return use(volumeNumber, store::open);
  }

  public Use create(long volumeNumber, MapStore.VolumeOptions options) throws IOException {
    return use(volumeNumber, number -> store.create(number, options));
  }

  public Use createFrom(long volumeNumber, MapStore.VolumeOptions options, FrozenMap source)
      throws IOException {
    return use(volumeNumber, number -> store.createFrom(number, options, source));
  }

  /** Deletes a map that nobody uses, if there is one. */
  public void delete(long volumeNumber) throws IOException {
    Shared of = shared.computeIfAbsent(volumeNumber, number -> new Shared());
    synchronized (of) {
      awaitPassers(of);
      if (of.users > 0) {
        throw new IllegalStateException("map " + volumeNumber + " is in use");
      }
      if (exists(volumeNumber)) {
        store.delete(volumeNumber);
      }
    }
  }

  /** Others may open and close the map meanwhile; its deletion waits until the action is done. */
  @Override
  public <T> T with(long volumeNumber, MapAction<T> action) throws IOException {
    Shared of = shared.computeIfAbsent(volumeNumber, number -> new Shared());
    Use use;
    synchronized (of) {
      use = open(volumeNumber);
      of.passers++;
    }
    try (use) {
      return action.run(use.map());
    } finally {
      synchronized (of) {
        of.passers--;
        of.notifyAll();
      }
    }
  }

  /** Guarded by {@code of}, which is let go of meanwhile. */
  private static void awaitPassers(Shared of) {
    boolean interrupted = false;
    while (of.passers > 0) {
      try {
        of.wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** In one line why a map that is open cannot be written any more, or null. */
  public String problem(long volumeNumber) {
    Shared of = shared.get(volumeNumber);
    VolumeMap map = of == null ? null : of.map;
    return map == null ? null : map.problem();
  }

  public boolean exists(long volumeNumber) throws IOException {
    return store.list().contains(volumeNumber);
  }

  /** The numbers of all maps, ascending. */
  @Override
  public List<Long> list() throws IOException {
    return store.list();
  }

  private Use use(long volumeNumber, Opener opener) throws IOException {
    // An entry without users stays: it is small, and removing it would race with those waiting.
    Shared of = shared.computeIfAbsent(volumeNumber, number -> new Shared());
    synchronized (of) {
      if (of.users == 0) {
        of.map = opener.open(volumeNumber);
      }
      of.users++;
      return new Use(of);
    }
  }

  @FunctionalInterface
  private interface Opener {
    VolumeMap open(long volumeNumber) throws IOException;
  }

  private static final class Shared {
    /** Volatile for those who only look at it; changed with the lock. */
    private volatile VolumeMap map;

    private int users;

    /** How many of the users are in {@link #with}. */
    private int passers;
  }
}
