package dev.firn.daemon;

import dev.firn.bucket.Transfers;
import dev.firn.region.Region;
import dev.firn.server.Actions;
import dev.firn.server.ApiServer;
import dev.firn.snapshot.Snapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A home in service: the open Region, its mounts and its API. */
final class HomeService {
  private static final Logger LOG = LoggerFactory.getLogger(HomeService.class);

  private final Region region;
  private final MountTable mounts;
  private final AttachmentTable attachments;
  private final Transfers transfers;
  private final ApiServer server;

  private HomeService(
      Region region,
      MountTable mounts,
      AttachmentTable attachments,
      Transfers transfers,
      ApiServer server) {
    this.region = region;
    this.mounts = mounts;
    this.attachments = attachments;
    this.transfers = transfers;
    this.server = server;
  }

  /** Opens the home, restores its mounts, and serves. When that fails the home is let go again. */
  static HomeService start(Path home) throws IOException {
    Region region = Region.open(home);
    DaemonLog.begin(HomePaths.log(region.home()));
    MountTable mounts = new MountTable(region);
    AttachmentTable attachments = new AttachmentTable(region, mounts);
    Transfers transfers = new Transfers(region, PrivateMount.mounter(region.home()));
    try {
      LOG.info("Opened the home {} as process {}", region.home(), ProcessHandle.current().pid());
      attachments.clearDead();
      PrivateMount.clear(region.home());
      mounts.restore();
      attachments.restore();
      transfers.resume();
      Parts parts =
          new Parts(
              region,
              mounts,
              attachments,
              transfers,
              new BlockUploads(),
              new Downloads(),
              Instant.now());
      return new HomeService(
          region,
          mounts,
          attachments,
          transfers,
          ApiServer.start(HomePaths.socket(region.home()), parts::actions));
    } catch (IOException | RuntimeException | Error e) {
      LOG.error("The home cannot be served", e);
      transfers.close();
      attachments.endAllAnyway();
      mounts.unmountAll();
      region.close();
      throw e;
    }
  }

  /** What the actions of all accounts are about. */
  private record Parts(
      Region region,
      MountTable mounts,
      AttachmentTable attachments,
      Transfers transfers,
      BlockUploads uploads,
      Downloads downloads,
      Instant startedAt) {
    /** What an account can do; null: the home's owner. */
    Actions actions(String account) {
      Region own = region.as(account == null ? Snapshot.OWNER_ACCOUNT_ID : account);
      Actions actions = new Actions();
      new DaemonActions(own, mounts, attachments, startedAt).register(actions);
      new VolumeActions(own, mounts, attachments).register(actions);
      new AttachmentActions(own, attachments).register(actions);
      new UpkeepActions(own).register(actions);
      new SnapshotActions(own, mounts, attachments).register(actions);
      new BlockActions(own, uploads).register(actions);
      new PackageActions(own, PrivateMount.mounter(own.home()), downloads).register(actions);
      new AccountActions(own).register(actions);
      new ImageActions(own, transfers).register(actions);
      new ServeActions(region, mounts, transfers).register(actions);
      return actions;
    }
  }

  /** Ends all of it, in order; whether everything became durable. */
  boolean stop() {
    LOG.info("Stopping");
    server.close();
    transfers.close();
    boolean durable = attachments.endAllAnyway();
    durable &= mounts.unmountAll();
    try {
      region.close();
    } catch (IOException | RuntimeException e) {
      LOG.error("The home could not be closed in order", e);
      durable = false;
    }
    LOG.info("Stopped");
    return durable;
  }
}
