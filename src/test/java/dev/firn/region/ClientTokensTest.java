package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.snapshot.ClientToken;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A request with a token makes one thing, whatever stops between two steps: the process, which
 * leaves the home as it is at that moment, or the step itself.
 */
class ClientTokensTest {
  private static final VolumeOffer OFFER = new VolumeOffer("io1", 200);
  private static final String TOKEN = "once";

  @TempDir Path directory;
  private Path home;
  private Snapshot source;

  /** What a client asks for. */
  private enum Request {
    VOLUME {
      @Override
      String make(Region region, ClientToken token) throws IOException {
        VolumeRequest request = new VolumeRequest(null, null, Sizes.GIB, null, null, null);
        return region.createVolume(request, OFFER, token).id();
      }

      @Override
      List<String> made(Region region) {
        return ids(region.volumes(), "data");
      }
    },
    VOLUME_OF_A_SNAPSHOT {
      @Override
      String make(Region region, ClientToken token) throws IOException {
        return region.createVolume(VolumeRequest.from(null, "data@one"), OFFER, token).id();
      }

      @Override
      List<String> made(Region region) {
        return ids(region.volumes(), "data");
      }
    },
    SNAPSHOT {
      @Override
      String make(Region region, ClientToken token) throws IOException {
        return region.requestSnapshot("data", null, null, Map.of(), token).id();
      }

      @Override
      List<String> made(Region region) {
        return unnamed(region);
      }
    },
    /** Which waits for somebody to fetch it. */
    IMPORT {
      @Override
      String make(Region region, ClientToken token) throws IOException {
        return region.remoteImports().request(null, Sizes.GIB, "https://x/y", token).id();
      }

      @Override
      List<String> made(Region region) {
        return unnamed(region);
      }
    },
    COPY {
      @Override
      String make(Region region, ClientToken token) throws IOException {
        return region.copySnapshot("data@one", null, null, token).id();
      }

      @Override
      List<String> made(Region region) {
        return unnamed(region);
      }
    };

    abstract String make(Region region, ClientToken token) throws IOException;

    /** What is there of it. */
    abstract List<String> made(Region region);

    String once(Region region, String digest) throws IOException {
      return region.cloud().once(name(), TOKEN, digest, token -> make(region, token));
    }

    private static List<String> ids(List<Volume> volumes, String except) {
      return volumes.stream().filter(v -> !v.name().equals(except)).map(Volume::id).toList();
    }

    /** But for those that failed, which was told, or which the next request does not get. */
    private static List<String> unnamed(Region region) {
      return region.snapshots(null).stream()
          .filter(s -> s.name() == null)
          .filter(
              s ->
                  s.state() != SnapshotState.ERROR
                      || !region.cloud().tokens(List.of(s.id())).isEmpty())
          .map(Snapshot::id)
          .toList();
    }
  }

  @BeforeEach
  void fill() throws IOException {
    home = directory.resolve("home");
    try (Region region = Region.open(home)) {
      region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
      source = region.createSnapshot("data", "one", null, Map.of());
    }
  }

  private static void awaitTaken(Request request, Region region) {
    if (request == Request.IMPORT) {
      return;
    }
    for (Snapshot each : region.snapshots(null)) {
      while (region.snapshot(each.id()).state() == SnapshotState.IN_QUEUE
          || region.snapshot(each.id()).state() == SnapshotState.PENDING) {
        Thread.onSpinWait();
      }
    }
  }

  /** The request comes again, and there is one of what it makes; answers its id. */
  private String repeated(Request request, Path of, String what) throws IOException {
    String id;
    try (Region region = Region.open(of)) {
      id = request.once(region, "digest");
      awaitTaken(request, region);
      assertEquals(List.of(id), request.made(region), what);
      assertEquals(id, request.once(region, "digest"), what);
      assertEquals(Map.of(id, TOKEN), region.cloud().tokens(List.of(id, source.id())), what);
      if (request.name().startsWith("VOLUME")) {
        assertEquals(OFFER, region.cloud().offers().get(id), what);
      }
      FirnException refused =
          Errors.of(ErrorKind.CONFLICT, "other arguments", () -> request.once(region, "another"));
      assertEquals("token-mismatch", refused.reason());
    }
    return id;
  }

  @Test
  void aKillBetweenTwoStepsMakesNoSecondOne() throws IOException {
    for (Request request : Request.values()) {
      Path here = directory.resolve(request.name());
      KilledHome.copy(home, here);
      String[] made = new String[1];
      List<Path> left =
          KilledHome.during(
              here,
              directory.resolve("killed-" + request),
              region -> {
                made[0] = request.once(region, "digest");
                awaitTaken(request, region);
              });
      String id = made[0];
      assertTrue(left.size() >= 2, request + ": " + left);
      int again = 0;
      for (Path each : left) {
        again += repeated(request, each, request + " killed at " + each).equals(id) ? 1 : 0;
      }
      assertTrue(again > 0 && again < left.size(), request + ": " + again + " of " + left.size());
      assertEquals(id, repeated(request, here, request.toString()));
    }
  }

  @Test
  void aStepThatFailsMakesNoSecondOne() throws IOException {
    for (Request request : List.of(Request.VOLUME, Request.SNAPSHOT, Request.COPY)) {
      boolean failed = true;
      for (int failing = 1; failed; failing++) {
        Path here = directory.resolve(request + "-" + failing);
        KilledHome.copy(home, here);
        failed = failsAt(request, here, failing);
        repeated(request, here, request + " failed at step " + failing);
      }
    }
  }

  /** Whether there was such a step. */
  private boolean failsAt(Request request, Path here, int failing) throws IOException {
    AtomicInteger steps = new AtomicInteger(Integer.MIN_VALUE);
    Runnable step =
        () -> {
          if (steps.incrementAndGet() == failing) {
            throw FirnException.failed("this step fails");
          }
        };
    try (Region region = Region.open(here, Clock.systemUTC(), step)) {
      steps.set(0);
      try {
        request.once(region, "digest");
      } catch (FirnException e) {
        assertTrue(e.getMessage().contains("this step fails"), e.getMessage());
      }
      int reached = steps.getAndSet(Integer.MIN_VALUE);
      if (request != Request.SNAPSHOT) {
        return reached >= failing;
      }
    }
    return failing < 10;
  }

  @Test
  void aTokenIsOfOneAccountAndOneAction() throws IOException {
    try (Region whole = Region.open(home)) {
      Region north = whole.as(whole.accounts().create("north").id());
      Region south = whole.as(whole.accounts().create("south").id());
      String first = Request.VOLUME.once(north, "digest");
      assertNotEquals(first, Request.VOLUME.once(south, "another"));
      String other =
          north.cloud().once("OTHER", TOKEN, "another", token -> Request.VOLUME.make(north, token));
      assertNotEquals(first, other);
      assertEquals(first, Request.VOLUME.once(north, "digest"));
      // A request without one is another each time.
      assertNotEquals(
          north.cloud().once("OTHER", null, "d", token -> Request.VOLUME.make(north, token)),
          north.cloud().once("OTHER", null, "d", token -> Request.VOLUME.make(north, token)));
    }
  }

  @Test
  void whatFailedMayBeAskedForAgain() throws IOException {
    try (Region whole = Region.open(home)) {
      Region north = whole.as(whole.accounts().create("north").id());
      whole.accounts().setQuota(north.accountId(), Quota.VOLUME_GIB, 1);
      VolumeRequest large = VolumeRequest.empty(null, 2 * Sizes.GIB);
      Cloud.Maker maker = token -> north.createVolume(large, OFFER, token).id();
      Errors.of(ErrorKind.NO_SPACE, "", () -> north.cloud().once("A", TOKEN, "digest", maker));
      whole.accounts().setQuota(north.accountId(), Quota.VOLUME_GIB, 2);
      String id = north.cloud().once("A", TOKEN, "digest", maker);
      assertEquals(List.of(id), Request.VOLUME.made(north));
    }
  }
}
