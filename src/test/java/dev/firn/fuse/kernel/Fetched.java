package dev.firn.fuse.kernel;

import java.util.ArrayList;
import java.util.List;

/** Remembers what was to be fetched ahead, and fetches nothing. */
final class Fetched implements FetchAhead.Fetcher {
  /** Windows as "inode@offset+size", parts of directories as "inode:cookie+names". */
  final List<String> wanted = new ArrayList<>();

  /** Of the parts. */
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
  public void fetchNames(long directory, NameSweeps.Part part, FetchAhead.NamesListener listener) {
    wanted.add(directory + ":" + part.cookie + "+" + part.names);
    listeners.add(listener);
  }
}
