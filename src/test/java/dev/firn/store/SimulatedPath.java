package dev.firn.store;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/** The name of a file of {@link SimulatedFiles}, from the root, without a slash in front. */
record SimulatedPath(SimulatedFiles files, String name) implements Path {
  @Override
  public FileSystem getFileSystem() {
    return files;
  }

  @Override
  public boolean isAbsolute() {
    return true;
  }

  @Override
  public Path getRoot() {
    return files.root();
  }

  @Override
  public Path getFileName() {
    return new SimulatedPath(files, name.substring(name.lastIndexOf('/') + 1));
  }

  @Override
  public Path getParent() {
    int slash = name.lastIndexOf('/');
    return slash < 0 ? files.root() : new SimulatedPath(files, name.substring(0, slash));
  }

  @Override
  public Path resolve(Path other) {
    return new SimulatedPath(files, name.isEmpty() ? other.toString() : name + "/" + other);
  }

  @Override
  public Path resolve(String other) {
    return new SimulatedPath(files, name.isEmpty() ? other : name + "/" + other);
  }

  @Override
  public Path normalize() {
    return this;
  }

  @Override
  public Path toAbsolutePath() {
    return this;
  }

  @Override
  public Path toRealPath(LinkOption... options) {
    return this;
  }

  @Override
  public int compareTo(Path other) {
    return name.compareTo(other.toString());
  }

  @Override
  public String toString() {
    return name;
  }

  @Override
  public int getNameCount() {
    return name.split("/").length;
  }

  @Override
  public Path getName(int index) {
    return new SimulatedPath(files, name.split("/")[index]);
  }

  @Override
  public Path subpath(int begin, int end) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean startsWith(Path other) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean endsWith(Path other) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Path relativize(Path other) {
    throw new UnsupportedOperationException();
  }

  @Override
  public URI toUri() {
    throw new UnsupportedOperationException();
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException();
  }
}
