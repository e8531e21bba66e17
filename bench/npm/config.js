// Lighthouse's own configuration, but robots.txt is asked for as a crawler does. Lighthouse asks from within the page, whose
// Content-Security-Policy lets nothing connect anywhere, and then takes the file for missing (its issue 4386).
import {Gatherer, defaultConfig} from "lighthouse";

class RobotsTxt extends Gatherer {
  meta = {supportedModes: ["navigation"]};

  async getArtifact(context) {
    const answer = await fetch(new URL("/robots.txt", context.baseArtifacts.URL.finalDisplayedUrl));
    return {status: answer.status, content: await answer.text()};
  }
}

export default {
  ...defaultConfig,
  artifacts: defaultConfig.artifacts.map(
    artifact => artifact.id === "RobotsTxt" ? {id: "RobotsTxt", gatherer: {instance: new RobotsTxt()}} : artifact,
  ),
};
