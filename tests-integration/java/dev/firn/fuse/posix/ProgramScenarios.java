package dev.firn.fuse.posix;

import static dev.firn.fuse.PosixAssertions.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Posix;
import jnr.constants.platform.Errno;

/** Running what lies on the file system. */
final class ProgramScenarios {
  @Scenario
  void programsRun(Place place) {
    place.run("cp", "/bin/echo", "program");
    assertEquals("hello world", place.run("./program", "hello", "world"));
    place.chmod("program", 0644);
    assertNotEquals(0, place.attempt("sh", "-c", "./program hello").status());
    place.chmod("program", 0711);
    // To execute, nobody needs to read.
    assertEquals("hello", place.runAsUser("./program", "hello"));
  }

  @Scenario
  void scriptsRun(Place place) {
    place.write("script", "#!/bin/sh\necho \"script says $1\"\n");
    place.chmod("script", 0755);
    assertEquals("script says hello", place.run("./script", "hello"));
    place.symlink("script", "link");
    assertEquals("script says hello", place.run("./link", "hello"));
  }

  @Scenario
  void programsUseLibrariesFromHere(Place place) {
    place.mkdir("lib");
    // The program's own C library, whatever the architecture.
    place.run(
        "sh",
        "-c",
        "cp /bin/ls program && ldd program | awk '$3 ~ \"^/\" { print $3 }' >libraries"
            + " && cp $(cat libraries) lib/");
    assertTrue(place.list("lib").contains("libc.so.6"), place.list("lib").toString());
    String maps =
        place.run("sh", "-c", "cp /bin/cat cat; LD_LIBRARY_PATH=lib ./cat /proc/self/maps");
    assertTrue(maps.contains(place.directory() + "/lib/libc.so.6"), maps);
    assertEquals(
        place.run("ls", "lib"), place.run("sh", "-c", "LD_LIBRARY_PATH=lib ./program lib"));
  }

  @Scenario
  void aRunningProgramCannotBeWritten(Place place) throws Exception {
    place.run("cp", "/bin/cat", "program");
    Process process = new ProcessBuilder(place.directory().resolve("program").toString()).start();
    try {
      // It answers, so it runs.
      process.getOutputStream().write('x');
      process.getOutputStream().flush();
      assertEquals('x', process.getInputStream().read());
      assertFails(Errno.ETXTBSY, () -> place.open("program", Posix.O_WRONLY));
      place.unlink("program");
      process.getOutputStream().write('y');
      process.getOutputStream().flush();
      assertEquals('y', process.getInputStream().read());
    } finally {
      process.getOutputStream().close();
      process.waitFor();
    }
    assertEquals(0, process.exitValue());
  }

  @Scenario
  void aReplacedProgramRunsAnew(Place place) {
    for (int i = 0; i < 10; i++) {
      place.write("new", "#!/bin/sh\necho " + i + "\n");
      place.chmod("new", 0755);
      place.rename("new", "program");
      assertEquals("" + i, place.run("./program"));
    }
  }
}
