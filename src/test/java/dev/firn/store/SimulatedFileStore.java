package dev.firn.store;

import java.nio.file.FileStore;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileStoreAttributeView;

/** What {@link SimulatedFiles} are on, as far as it is asked for. */
final class SimulatedFileStore extends FileStore {
  @Override
  public long getBlockSize() {
    return 4096;
  }

  @Override
  public String name() {
    return "simulated";
  }

  @Override
  public String type() {
    return "simulated";
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public long getTotalSpace() {
    throw new UnsupportedOperationException();
  }

  @Override
  public long getUsableSpace() {
    throw new UnsupportedOperationException();
  }

  @Override
  public long getUnallocatedSpace() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean supportsFileAttributeView(Class<? extends FileAttributeView> type) {
    return false;
  }

  @Override
  public boolean supportsFileAttributeView(String name) {
    return false;
  }

  @Override
  public <V extends FileStoreAttributeView> V getFileStoreAttributeView(Class<V> type) {
    return null;
  }

  @Override
  public Object getAttribute(String attribute) {
    throw new UnsupportedOperationException();
  }
}
