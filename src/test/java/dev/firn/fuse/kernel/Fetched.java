package dev.firn.fuse.kernel;

import java.util.ArrayList;
import java.util.List;

/** Remembers what was to be fetched ahead, and fetches nothing. */
final class Fetched implements FetchAhead.Fetcher {
  /** Windows as "inode@offset+size", directories as "inode:cookie+expected". */
  final List<String> wanted = new ArrayList<>();

  /** Of the directories. */
  final List<FetchAhead.NamesListener> listeners = new ArrayList<>();

  @Override
  public boolean isAble() {
    return true;
  }

  @Override
  public void fetchPages(long inode, long offset, int sizeBytes) {
    wanted.add(inode + "@" + offset + "+" + sizeBytes);
  }

  @Override
  public void fetchNames(
      long directory, long cookie, int expected, FetchAhead.NamesListener listener) {
    wanted.add(directory + ":" + cookie + "+" + expected);
    listeners.add(listener);
  }
}
