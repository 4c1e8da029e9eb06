package dev.firn.snapshot;

import dev.firn.base.Bytes;
import dev.firn.vfs.KernelCache;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Records which names it was told to forget. */
public final class FakeKernelCache implements KernelCache {
  /** What writing back does. */
  @FunctionalInterface
  public interface WriteBack {
    void run() throws IOException;
  }

  private final WriteBack writeBack;
  private final Consumer<String> onForget;
  private final List<String> forgotten = new CopyOnWriteArrayList<>();

  public FakeKernelCache(WriteBack writeBack) {
    this(writeBack, name -> {});
  }

  /**
   * @param onForget is given each name to forget, as it comes
   */
  FakeKernelCache(WriteBack writeBack, Consumer<String> onForget) {
    this.writeBack = writeBack;
    this.onForget = onForget;
  }

  /** Inode of the directory, a slash and the name, in the order they came. */
  List<String> forgotten() {
    return List.copyOf(forgotten);
  }

  @Override
  public void writeBack() throws IOException {
    writeBack.run();
  }

  @Override
  public void attributesChanged(long inode) {}

  @Override
  public void forgetName(long directory, byte[] name) {
    forgotten.add(directory + "/" + Bytes.text(name));
    onForget.accept(Bytes.text(name));
  }
}
