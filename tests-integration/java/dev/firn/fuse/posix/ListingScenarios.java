package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import jnr.ffi.Pointer;

/** readdir(3) and its positions. */
final class ListingScenarios {
  private static final int MANY = 3000;

  /** {@code -Dfirn.entries=1000000} makes it a soak test. */
  static final int ENTRIES = Integer.getInteger("firn.entries", 50_000);

  @Scenario
  void listingsTellTypesAndInodes(Place place) {
    place.write("file", "x");
    place.mkdir("directory");
    place.symlink("x", "link");
    place.mknod("fifo", FileMode.FIFO | 0600, 0);
    place.mknod("device", FileMode.CHARACTER_DEVICE | 0600, 0x103);
    int found = 0;
    Pointer listing = Posix.openDirectory(place.path(""));
    try {
      for (Posix.Entry entry = Posix.next(listing); entry != null; entry = Posix.next(listing)) {
        found++;
        assertEquals(
            place.stat(entry.name()).mode() >> 12, entry.type(), "type of " + entry.name());
        if (!entry.isDots()) {
          assertEquals(place.stat(entry.name()).inode(), entry.inode(), entry.name());
        }
      }
    } finally {
      LIBC.closedir(listing);
    }
    assertEquals(7, found);
  }

  @Scenario
  void rewindingShowsChanges(Place place) {
    place.write("a", "x");
    Pointer listing = Posix.openDirectory(place.path(""));
    try {
      assertEquals(Set.of("a"), Posix.list(listing));
      place.write("b", "x");
      place.unlink("a");
      LIBC.rewinddir(listing);
      assertEquals(Set.of("b"), Posix.list(listing));
    } finally {
      LIBC.closedir(listing);
    }
  }

  @Scenario
  void whatStaysIsListedOnceWhileOthersComeAndGo(Place place) {
    Set<String> staying = new TreeSet<>();
    for (int i = 0; i < MANY; i++) {
      place.write("stays-" + i, "");
      staying.add("stays-" + i);
      place.write("goes-" + i, "");
    }
    Set<String> listed = new TreeSet<>();
    Pointer listing = Posix.openDirectory(place.path(""));
    try {
      int i = 0;
      for (Posix.Entry entry = Posix.next(listing); entry != null; entry = Posix.next(listing)) {
        assertTrue(entry.isDots() || listed.add(entry.name()), "twice: " + entry.name());
        if (i < MANY) {
          place.unlink("goes-" + i);
          place.write("new-" + i, "");
        }
        i++;
      }
    } finally {
      LIBC.closedir(listing);
    }
    listed.removeIf(name -> !name.startsWith("stays-"));
    assertEquals(staying, listed);
  }

  @Scenario
  void everythingCanBeRemovedWhileListing(Place place) {
    for (int i = 0; i < MANY; i++) {
      place.write("file-" + i, "");
    }
    Pointer listing = Posix.openDirectory(place.path(""));
    try {
      for (Posix.Entry entry = Posix.next(listing); entry != null; entry = Posix.next(listing)) {
        if (!entry.isDots()) {
          place.unlink(entry.name());
        }
      }
    } finally {
      LIBC.closedir(listing);
    }
    assertEquals(Set.of(), place.list(""));
  }

  @Scenario
  void whoeverListsMeanwhileTakesNothingAway(Place place) {
    for (boolean wasListed : new boolean[] {false, true}) {
      Set<String> names = new TreeSet<>();
      for (int i = 0; i < MANY; i++) {
        String name = String.format("file-%05d-%b", i, wasListed);
        place.write(name, "");
        names.add(name);
      }
      if (wasListed) {
        assertEquals(names, place.list(""));
      }
      Set<String> listed = new TreeSet<>();
      Pointer listing = Posix.openDirectory(place.path(""));
      try {
        while (listed.size() < MANY / 2) {
          Posix.Entry entry = Posix.next(listing);
          assertTrue(entry.isDots() || listed.add(entry.name()), "twice: " + entry.name());
        }
        listed.stream().limit(MANY / 6).forEach(place::unlink);
        assertEquals(MANY - MANY / 6, place.list("").size());
        listed.addAll(Posix.list(listing));
      } finally {
        LIBC.closedir(listing);
      }
      assertEquals(names, listed);
      place.list("").forEach(place::unlink);
    }
  }

  @Scenario
  void positionsCanBeReturnedTo(Place place) {
    for (int i = 0; i < MANY; i++) {
      place.write("file-" + i, "");
    }
    Pointer listing = Posix.openDirectory(place.path(""));
    try {
      List<Long> positions = new ArrayList<>();
      List<String> names = new ArrayList<>();
      positions.add(LIBC.telldir(listing));
      for (Posix.Entry entry = Posix.next(listing); entry != null; entry = Posix.next(listing)) {
        names.add(entry.name());
        positions.add(LIBC.telldir(listing));
      }
      assertEquals(MANY + 2, names.size());
      for (int i = names.size() - 1; i >= 0; i -= 97) {
        LIBC.seekdir(listing, positions.get(i));
        assertEquals(names.get(i), Posix.next(listing).name());
        if (i + 1 < names.size()) {
          assertEquals(names.get(i + 1), Posix.next(listing).name());
        }
      }
      LIBC.seekdir(listing, positions.get(names.size()));
      assertEquals(null, Posix.next(listing));
    } finally {
      LIBC.closedir(listing);
    }
  }

  @Scenario
  void aBigDirectoryListsEachOnce(Place place) {
    place.mkdir("many");
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < ENTRIES; i++) {
      String name = "entry-" + i;
      place.mknod("many/" + name, FileMode.REGULAR | 0644, 0);
      names.add(name);
    }
    assertEquals(names, place.list("many"));
    assertEquals(FileMode.REGULAR | 0644, place.stat("many/entry-" + (ENTRIES - 1)).mode());
  }

  @Scenario
  void longNamesFillManyBuffers(Place place) {
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < 1000; i++) {
      String name = i + "-" + "n".repeat(250 - (i % 200));
      place.write(name, "");
      names.add(name);
    }
    assertEquals(names, place.list(""));
    assertEquals(1000, place.run("sh", "-c", "ls -l | tail -n +2").lines().count());
  }

  @Scenario
  void twoListingsDoNotDisturbEachOther(Place place) {
    for (int i = 0; i < 500; i++) {
      place.write("file-" + i, "");
    }
    Pointer one = Posix.openDirectory(place.path(""));
    Pointer two = Posix.openDirectory(place.path(""));
    try {
      for (int i = 0; i < 100; i++) {
        assertNotNull(Posix.next(one));
      }
      assertEquals(500, Posix.list(two).size());
      assertTrue(Posix.list(one).size() <= 402);
    } finally {
      LIBC.closedir(one);
      LIBC.closedir(two);
    }
  }
}
