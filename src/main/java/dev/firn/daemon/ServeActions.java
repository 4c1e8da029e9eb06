package dev.firn.daemon;

import dev.firn.base.FirnException;
import dev.firn.bucket.Transfers;
import dev.firn.region.MountRecord;
import dev.firn.region.Region;
import dev.firn.server.Actions;
import dev.firn.server.Events;
import dev.firn.server.oapi.Attachments;
import dev.firn.server.oapi.OapiOptions;
import dev.firn.server.oapi.OapiServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The action that serves the Region's API over TCP, for as long as its caller stays. */
final class ServeActions {
  private static final String TRANSPORT = "kernel";
  private static final long LOOK_MILLIS = 500;

  private final Region home;
  private final MountTable mounts;
  private final Transfers transfers;

  /**
   * @param home as no account in particular sees it
   */
  ServeActions(Region home, MountTable mounts, Transfers transfers) {
    this.home = home;
    this.mounts = mounts;
    this.transfers = transfers;
  }

  /**
   * @param listen HOST:PORT
   * @param metrics HOST:PORT, or null: nowhere
   * @param keyStore null: without TLS
   * @param linkDirectory where linked volumes are mounted; null: beside the home
   */
  record ServeParameters(
      String listen,
      String metrics,
      Path keyStore,
      String keyStorePassword,
      boolean insecure,
      Path linkDirectory) {
    ServeParameters {
      Actions.required("listen", listen);
      if (keyStore != null) {
        Actions.required("keyStorePassword", keyStorePassword);
      }
    }

    /** Without the password. */
    @Override
    public String toString() {
      return listen;
    }
  }

  void register(Actions actions) {
    actions.work("Serve", ServeParameters.class, this::serve);
  }

  private Map<String, Object> serve(ServeParameters parameters, Events events) throws IOException {
    OapiOptions options =
        new OapiOptions(
            OapiOptions.address(parameters.listen()),
            parameters.metrics() == null ? null : OapiOptions.address(parameters.metrics()),
            parameters.keyStore(),
            parameters.keyStorePassword(),
            parameters.insecure());
    Path directory =
        parameters.linkDirectory() != null
            ? parameters.linkDirectory()
            : home.home().resolveSibling(home.home().getFileName() + "-volumes");
    try (OapiServer server = OapiServer.start(home, new Mounted(directory), transfers, options)) {
      Map<String, Object> served = new LinkedHashMap<>();
      served.put("url", server.url());
      served.put("metrics", server.metricsUrl());
      events.item(served);
      CountDownLatch never = new CountDownLatch(1);
      while (true) {
        // Fails when the caller has gone, or the daemon stops.
        events.progress(0, 0, "");
        if (never.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
          return Map.of();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw FirnException.conflict("the daemon is stopping");
    }
  }

  /** Mounts by the daemon's table. */
  private final class Mounted implements Attachments {
    private final Path directory;

    Mounted(Path directory) {
      this.directory = directory;
    }

    @Override
    public Path directory() {
      return directory;
    }

    @Override
    public void mount(String volumeId, Path place) throws IOException {
      Files.createDirectories(place);
      mounts.mount(new MountRecord(place, volumeId, false, false, TRANSPORT, List.of()), List.of());
    }

    @Override
    public void unmount(Path place, boolean force) throws IOException {
      mounts.unmount(place, force);
    }

    @Override
    public List<Path> directoriesOf(String volumeId) {
      return mounts.directoriesOf(volumeId);
    }
  }
}
