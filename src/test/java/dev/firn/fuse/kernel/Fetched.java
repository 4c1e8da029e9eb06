package dev.firn.fuse.kernel;

import java.util.ArrayList;
import java.util.List;

/** Remembers what was to be fetched ahead, and fetches nothing. */
final class Fetched implements FetchAhead.Fetcher {
  /** Windows as "inode@offset+size", directories as "inode:expected". */
  final List<String> wanted = new ArrayList<>();

  @Override
  public boolean isAble() {
    return true;
  }

  @Override
  public void fetchPages(long inode, long offset, int sizeBytes) {
    wanted.add(inode + "@" + offset + "+" + sizeBytes);
  }

  @Override
  public void fetchNames(long directory, int expected) {
    wanted.add(directory + ":" + expected);
  }
}
