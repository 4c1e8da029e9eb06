package dev.firn.fuse.posix;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The scenarios on ext4: what they ask for is what Linux does, not what we think it does. */
class HostPosixIT extends PosixScenarios {
  private Ext4Image image;

  @BeforeAll
  void setUp() throws Exception {
    image = new Ext4Image();
  }

  @AfterAll
  void tearDown() throws IOException {
    image.close();
  }

  @Override
  Path root() {
    return image.directory();
  }

  @Override
  Map<String, String> exceptions() {
    return Map.of(
        "filesReachUpTo8EiB", "files end at 16 TiB",
        "valuesHaveAtMost64KiB", "all attributes of a file must fit into a block of 4 KiB");
  }
}
