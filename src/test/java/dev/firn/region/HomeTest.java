package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeTest {
  @TempDir Path directory;

  private Path home() {
    return directory.resolve("deep/home");
  }

  @Test
  void homeIsMadeOnFirstUse() throws IOException {
    try (Region region = Region.open(home())) {
      assertEquals("local-1", region.info().name());
      assertEquals(List.of("local-1a"), region.info().subregions());
      assertEquals(home().toRealPath(), region.home());
      assertEquals(region.home(), region.info().home());
    }
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(home())));
    assertEquals("1\n", Files.readString(home().resolve("format")));
    for (String name : List.of("catalog.db", "store", "run", "log", "tmp", "lock")) {
      assertTrue(Files.exists(home().resolve(name)), name);
    }
  }

  @Test
  void initNamesRegionAndSubregions() throws IOException {
    Region.init(home(), "north", List.of("b", "a"));
    try (Region region = Region.open(home())) {
      assertEquals(new RegionInfo("north", List.of("b", "a"), home()), region.info());
      assertEquals("b", region.createVolume(VolumeRequest.empty("v", Sizes.GIB)).subregion());
      Volume other =
          region.createVolume(new VolumeRequest("w", null, Sizes.GIB, null, "a", "zstd"));
      assertEquals("a", other.subregion());
      assertEquals("zstd", other.compression());
    }
    Errors.of(ErrorKind.CONFLICT, "exists already", () -> Region.init(home(), "x", List.of("y")));
    Errors.of(ErrorKind.USAGE, "-x", () -> Region.init(home(), "-x", List.of("y")));
    Errors.of(ErrorKind.USAGE, "subregion", () -> Region.init(home(), "x", List.of()));
    Errors.of(ErrorKind.USAGE, "twice", () -> Region.init(home(), "x", List.of("y", "y")));
  }

  @Test
  void newerFormatIsRefused() throws IOException {
    Region.open(home()).close();
    Files.writeString(home().resolve("format"), "2\n");
    Errors.of(
        ErrorKind.FAILED,
        "home "
            + home().toRealPath()
            + " was made by a newer Firn (format 2; this one knows 1): upgrade Firn",
        () -> Region.open(home()));
    Files.writeString(home().resolve("format"), "?");
    Errors.of(ErrorKind.CORRUPT, "format", () -> Region.open(home()));
  }

  @Test
  void otherDirectoriesAreLeftAlone() throws IOException {
    Files.writeString(directory.resolve("letter"), "dear");
    Errors.of(ErrorKind.USAGE, "neither a Firn home nor empty", () -> Region.open(directory));
    Errors.of(ErrorKind.USAGE, "not a directory", () -> Region.open(directory.resolve("letter")));
    try (var entries = Files.list(directory)) {
      assertEquals(1, entries.count());
    }
  }

  @Test
  void emptyDirectoryBecomesAHome() throws IOException {
    Files.createDirectories(home());
    Files.writeString(home().resolve("format.new"), "");
    Region.open(home()).close();
    assertTrue(Files.exists(home().resolve("format")));
    assertFalse(Files.exists(home().resolve("format.new")));
  }

  @Test
  void secondRegionOfTheSameProcessIsRefused() throws IOException {
    try (Region region = Region.open(home())) {
      String pid = "process " + ProcessHandle.current().pid();
      Errors.of(ErrorKind.CONFLICT, pid, () -> Region.open(home()));
      Path alias = Files.createSymbolicLink(directory.resolve("alias"), home());
      Errors.of(ErrorKind.CONFLICT, pid, () -> Region.open(alias));
      assertEquals(List.of(), region.volumes());
    }
    Region.open(home()).close();
  }

  @Test
  void secondProcessIsToldTheFirst() throws Exception {
    Region.open(home()).close();
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                HomeTest.class.getName(),
                home().resolve("lock").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(other.getInputStream(), StandardCharsets.UTF_8))) {
      assertEquals("locked", lines.readLine());
      Errors.of(ErrorKind.CONFLICT, "process " + other.pid(), () -> Region.open(home()));
      other.getOutputStream().close();
      assertEquals(0, other.waitFor());
    } finally {
      other.destroyForcibly().waitFor();
    }
    Region.open(home()).close();
  }

  /** Holds a home's lock until standard input ends. */
  public static void main(String[] arguments) throws IOException {
    try (FileChannel channel = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE)) {
      channel.lock();
      channel.truncate(0);
      channel.write(StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"));
      System.out.println("locked");
      System.in.transferTo(System.err);
    }
  }

  @Test
  void temporaryFilesGoAtTheNextStart() throws IOException {
    Region.open(home()).close();
    Path precious = Files.writeString(directory.resolve("precious"), "x");
    Files.createDirectories(home().resolve("tmp/a/b"));
    Files.writeString(home().resolve("tmp/a/b/c"), "x");
    Files.createSymbolicLink(home().resolve("tmp/link"), precious);
    Region.open(home()).close();
    try (var entries = Files.list(home().resolve("tmp"))) {
      assertEquals(0, entries.count());
    }
    assertTrue(Files.exists(precious));
  }

  @Test
  void storeWithoutCatalogIsNotTakenForANewHome() throws IOException {
    try (Region region = Region.open(home())) {
      region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
    }
    Path catalog = home().resolve("catalog.db");
    Path aside = Files.move(catalog, directory.resolve("aside"));
    Errors.of(ErrorKind.CORRUPT, "no catalog.db", () -> Region.open(home()));
    Files.move(aside, catalog);
    try (Region region = Region.open(home())) {
      assertEquals(1, region.volumes().size());
    }
  }

  @Test
  void damagedCatalogIsTold() throws IOException {
    Region.open(home()).close();
    Files.writeString(home().resolve("catalog.db"), "this is no database at all\n".repeat(100));
    Errors.of(ErrorKind.CORRUPT, "catalog", () -> Region.open(home()));
  }

  /** SQLite takes it for a new one. */
  @Test
  void emptiedCatalogIsNotTakenForANewOne() throws IOException {
    try (Region region = Region.open(home())) {
      region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
    }
    Path catalog = home().resolve("catalog.db");
    byte[] whole = Files.readAllBytes(catalog);
    Files.write(catalog, new byte[0]);
    Errors.of(ErrorKind.CORRUPT, "firn check --rebuild-catalog", () -> Region.open(home()));
    assertEquals(0, Files.size(catalog));
    // One with tables and nothing in them neither.
    Files.delete(catalog);
    Catalog.open(catalog).close();
    Errors.of(ErrorKind.CORRUPT, "firn check --rebuild-catalog", () -> Region.open(home()));
    Files.write(catalog, whole);
    try (Region region = Region.open(home())) {
      assertEquals(1, region.volumes().size());
    }
  }

  @Test
  void damageInTheMiddleOfTheCatalogIsFoundAtTheStart() throws IOException {
    try (Region region = Region.open(home())) {
      for (int i = 0; i < 200; i++) {
        region.saveMount(
            new MountRecord(Path.of("/mnt/" + i), "vol-1", false, true, "kernel", List.of()));
      }
    }
    Path catalog = home().resolve("catalog.db");
    byte[] whole = Files.readAllBytes(catalog);
    Random random = Seeds.random("damageInTheMiddleOfTheCatalogIsFoundAtTheStart");
    int page = 4096;
    for (int at = page; at < whole.length; at += page) {
      byte[] damaged = whole.clone();
      byte[] noise = new byte[page];
      random.nextBytes(noise);
      System.arraycopy(noise, 0, damaged, at, page);
      Files.write(catalog, damaged);
      Errors.of(ErrorKind.CORRUPT, "firn check --rebuild-catalog", () -> Region.open(home()));
    }
    Files.write(catalog, whole);
    Region.open(home()).close();
  }

  @Test
  void catalogOfANewerVersionIsRefused() throws Exception {
    Region.open(home()).close();
    Path catalog = home().resolve("catalog.db");
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + catalog);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO flyway_schema_history SELECT 999, '999', 'later', type,"
              + " 'V999__later.sql', checksum, installed_by, installed_on, execution_time, success"
              + " FROM flyway_schema_history WHERE installed_rank = 1");
    }
    byte[] before = Files.readAllBytes(catalog);
    Errors.of(ErrorKind.FAILED, "newer Firn", () -> Region.open(home()));
    assertArrayEquals(before, Files.readAllBytes(catalog));
  }

  @Test
  void closingTwiceIsHarmless() throws IOException {
    Region region = Region.open(home());
    region.close();
    try (Region next = Region.open(home())) {
      region.close();
      Errors.of(ErrorKind.CONFLICT, "in use", () -> Region.open(home()));
      assertEquals("local-1", next.info().name());
    }
  }

  /**
   * Those who come while a home is being made must see a home in use, not a stranger's directory.
   */
  @Test
  void homeBeingMadeIsNeverTakenForAForeignDirectory() throws Exception {
    int openers = 4;
    ExecutorService threads = Executors.newFixedThreadPool(openers);
    try {
      for (int round = 0; round < 200; round++) {
        Path fresh = directory.resolve("fresh-" + round);
        CyclicBarrier start = new CyclicBarrier(openers);
        Callable<ErrorKind> opener = () -> openTogether(fresh, start);
        for (Future<ErrorKind> answer : threads.invokeAll(Collections.nCopies(openers, opener))) {
          ErrorKind refusal = answer.get();
          assertTrue(refusal == null || refusal == ErrorKind.CONFLICT, "told " + refusal);
        }
      }
    } finally {
      threads.shutdown();
    }
  }

  private static ErrorKind openTogether(Path home, CyclicBarrier start) throws Exception {
    start.await();
    try {
      Home.open(home).close();
      return null;
    } catch (FirnException e) {
      return e.kind();
    }
  }
}
