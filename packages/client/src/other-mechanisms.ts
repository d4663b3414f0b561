/** What only other credentials than a password, and old servers, need: loaded when an application asks for one. */
export { anonymousClient, digestMd5Client, externalClient, oauthBearerClient } from '@apex/beep';
